"""How a model's process is to be started: what it may see and take, by its manifest and the configuration."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from foretell.model import Manifest
from foretell.node.load import Needs
from foretell.node.placement.local import Start
from foretell.node.placement.seclusion import CHILD, Seclusion, can_hide, seclusion
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import LoadFailed

MEGABYTE = 1024**2

_log = logging.getLogger(__name__)


async def start_of(
    manifest: Manifest, needs: Needs, scratch: Path, surroundings: Surroundings, gpus: Sequence[int]
) -> Start:
    """What to start for a model. What the machine does not allow of its wishes is left out, and logged.

    `gpus`: which of the machine's it sees; one that has none of them sees none.
    Raises LoadFailed for variables that the model needs and the server does not have.
    """
    _check_variables(manifest, surroundings)
    found = await asyncio.to_thread(_seclusion, manifest, needs, scratch, surroundings)
    if found.network and not manifest.network:
        _log.warning("%s wants no network, but this machine cannot take it away.", manifest.namespace)
    if found.hidden is None and surroundings.config.isolation == "auto" and can_hide():
        # Usual only where root runs a model that lies in folders which others keep to themselves.
        _log.warning("%s cannot be kept from the data directory where its folder lies.", manifest.namespace)
    factor = surroundings.config.memory_factor
    return Start(
        python=needs.python,
        scratch=scratch,
        environment={**surroundings.environment, **manifest.environ, **_gpus(surroundings, gpus)},
        variables=(*manifest.variables, *manifest.environ),
        seclusion=found,
        data_bytes_max=int(manifest.limits.memory_mb * MEGABYTE * factor) if factor else None,
    )


def _gpus(surroundings: Surroundings, gpus: Sequence[int]) -> dict[str, str]:
    there = surroundings.machine.room.gpus
    # Where none was found, there may still be one of a kind that nobody asked for: then its variable counts.
    return {"CUDA_VISIBLE_DEVICES": ",".join(there[each].handle for each in gpus)} if there else {}


def _check_variables(manifest: Manifest, surroundings: Surroundings) -> None:
    missing = [each for each in manifest.variables if not surroundings.environment.get(each)]
    if missing:
        names = ", ".join(missing)
        raise LoadFailed(f"The model needs {names} in the server's environment, where that is not set.")


def _seclusion(manifest: Manifest, needs: Needs, scratch: Path, surroundings: Surroundings) -> Seclusion:
    config = surroundings.config
    needed = [
        *map(Path, (manifest.folder, *manifest.paths, *needs.weights.values())),
        needs.python.parent.parent,
    ]
    if config.isolation == "none":
        # What is needed whole is not hidden.
        needed.append(config.data_path)
    else:
        # The runs' folders are made later, beside this one.
        needed += [scratch.parent, config.cache_path, CHILD, Path(sys.prefix), Path(sys.base_prefix)]
    directories = (each.parent if each.is_file() else each for each in needed)
    there = [each for each in directories if each.is_dir()]
    return seclusion(config.data_path, there, network=manifest.network)

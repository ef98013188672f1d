"""A server with one model of each tiny kind, made once for all tests, which are lent what the families' Python has."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from families.places import add, environments, make, manifest
from foretell.families.requirements import TORCH
from servers import KEY, Foretell, running


def _lend() -> None:
    if environments().is_ready(manifest(TORCH)):
        python = asyncio.run(environments().python(manifest(TORCH)))
        # Last, so that what the tests' own environment has is not shadowed.
        sys.path.append(
            str(python.parents[1] / "lib" / f"python3.{sys.version_info.minor}" / "site-packages")
        )


_lend()

KINDS = {
    "tiny-sd": "stable_diffusion",
    "tiny-flux": "flux",
    "tiny-wan": "wan",
    "tiny-ltx": "ltx",
    "tiny-motion": "motion",
    "tiny-sound": "sound",
}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the weights of every tiny kind, by its name, and of a LoRA."""
    folder = tmp_path_factory.mktemp("tiny")
    for kind in (*KINDS.values(), "lora"):
        make(kind, folder / kind)
    return folder


@pytest.fixture(scope="session")
def server(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    models = tmp_path_factory.mktemp("models")
    for name, kind in KINDS.items():
        add(tiny / kind, models, name=name)
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(models))
    with running(tmp_path_factory.mktemp("data"), *options) as started:
        yield started

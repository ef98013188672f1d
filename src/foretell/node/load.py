"""What a replica needs before its child can start: the model's environment and its weights."""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from foretell.errors import Error
from foretell.model import Manifest, Version
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import LoadFailed
from foretell.prediction import Phase

LINE_CHARACTERS_MAX = 200
_STEP = re.compile(
    r"(Collecting|Downloading|Processing|Building|Installing)(?: wheel for| collected packages:)? +(.+)"
)


class Note(Protocol):
    """Is told what a load is doing, how far that is (0–1) where it can be known, and in which words."""

    def __call__(self, phase: Phase, fraction: float | None, line: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """The Python that runs the model, and where its weights lie."""

    python: Path
    weights: dict[str, str]


@dataclass(slots=True)
class Shares:
    """How far several downloads are, together."""

    done: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)

    def fraction(self) -> float:
        return sum(self.done.values()) / max(1, sum(self.total.values()))


async def placed(version: Version, surroundings: Surroundings) -> Version:
    """The version with its folder where it lies on this machine, fetched if need be. Raises LoadFailed."""
    try:
        return version.at(await surroundings.snapshots.placed(version))
    except (Error, OSError) as error:
        raise LoadFailed(f"The model could not be prepared: {error}") from error


async def needs(version: Version, surroundings: Surroundings, note: Note) -> Needs:
    """Gets both, telling `note` about it. Raises LoadFailed.

    Where a requirement cannot be had, the version is offline from then on.
    """
    try:
        weights = await _weights(version.manifest, surroundings, note)
        python = await _python(version.manifest, surroundings, note)
    except (Error, OSError) as error:
        if reason := surroundings.environments.offline_reason(version.manifest):
            await surroundings.store.set_offline(version.id, reason)
        raise LoadFailed(f"The model could not be prepared: {error}") from error
    return Needs(python, {name: str(path) for name, path in weights.items()})


async def _python(manifest: Manifest, surroundings: Surroundings, note: Note) -> Path:
    loop = asyncio.get_running_loop()
    if not surroundings.environments.is_ready(manifest):
        note(Phase.BUILDING, None)

    def on_line(line: str) -> None:
        if words := step(line):
            loop.call_soon_threadsafe(note, Phase.BUILDING, None, words)

    return await surroundings.environments.python(manifest, on_line)


def step(line: str) -> str:
    """What a line of pip's says of what it installs now; "" for all others, and never where from."""
    found = _STEP.match(line.strip())
    if found is None:
        return ""
    doing, what = found.groups()
    if doing != "Installing":
        first, _, rest = what.partition(" ")
        size = rest if rest.startswith("(") and doing == "Downloading" else ""
        what = f"{first.rpartition('/')[2]} {size}".strip()
    return f"{doing} {what}"[:LINE_CHARACTERS_MAX]


async def _weights(manifest: Manifest, surroundings: Surroundings, note: Note) -> dict[str, Path]:
    loop = asyncio.get_running_loop()
    shares = Shares(total={each.name: each.size_bytes for each in manifest.weights})

    def on_progress(name: str, done_bytes: int, total_bytes: int) -> None:
        shares.done[name] = done_bytes
        shares.total[name] = max(total_bytes, done_bytes)
        # Downloads may tell it from threads of their own.
        loop.call_soon_threadsafe(note, Phase.DOWNLOADING, shares.fraction())

    return await surroundings.weights.ready(manifest, on_progress)

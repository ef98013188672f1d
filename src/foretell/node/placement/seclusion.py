"""What a child may see of this machine: how much of that the machine allows, and what a replica asks for."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHILD = Path(__file__).parents[2] / "child"
"""The program that runs a model: a directory that any Python runs."""
PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Seclusion:
    """What one child is to see: the directory `hidden` empty but for `kept`, and a network or none."""

    hidden: Path | None = None
    kept: tuple[Path, ...] = ()
    network: bool = True

    def arguments(self) -> list[str]:
        """The same on the child's command line."""
        hiding = [] if self.hidden is None else ["--hide", str(self.hidden)]
        keeping = [word for each in self.kept for word in ("--keep", str(each))]
        return [*hiding, *keeping, *([] if self.network else ["--no-network"])]


@cache
def can_hide(*readable: Path) -> bool:
    """Whether this machine lets a child that reads these directories go where the data directory is empty.

    Tried out once, which takes some 30 ms; so is `can_cut_network`.
    """
    with tempfile.TemporaryDirectory(prefix="foretell-") as directory:
        return _works("network", directory, readable)


@cache
def can_cut_network(*readable: Path) -> bool:
    """Whether it lets one go where there is no network."""
    return _works("none", "", readable)


def seclusion(data: Path, needed: Iterable[Path], *, network: bool) -> Seclusion:
    """As much as this machine allows of: nothing of the data directory but what is `needed`, and a network or none."""
    every = sorted(set(needed))
    readable = every if os.geteuid() == 0 else ()
    inside = tuple(each for each in every if each.is_relative_to(data))
    # Where the model lies in the data directory itself, there is nothing to hide it behind.
    hides = data not in inside and can_hide(*readable)
    return Seclusion(
        hidden=data if hides else None,
        kept=inside if hides else (),
        network=network or not can_cut_network(*readable),
    )


def _works(network: str, hidden: str, readable: Iterable[Path]) -> bool:
    if sys.platform != "linux":
        return False
    program = str(CHILD / "foretell" / "seclusion.py")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", program, network, hidden, *map(str, readable)],
            capture_output=True,
            check=False,
            timeout=PROBE_SECONDS,
            cwd="/",
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0

"""The Pythons of this machine: which of them runs a model that was written for another than the server's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

OLDEST = (3, 9)
"""What runs inside a model's process is written for this one and later ones."""
PROBE_SECONDS = 10.0
PLACES = (".pyenv/versions/{}*/bin/python", ".local/share/uv/python/cpython-{}*/bin/python")
"""Where pyenv and uv keep Pythons, below the home directory."""
PROBE = "import sys, venv; print('%d.%d' % sys.version_info[:2])"


def python_for(wanted: str) -> Path:
    """The interpreter for a version such as 3.11 or 3.11.4: the server's own where there is no other of that minor."""
    own = Path(sys.executable)
    minor = ".".join(wanted.split(".")[:2])
    if not minor or minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        return own
    return _found(minor) or own


def shortfall(wanted: str) -> str | None:
    """Why a model does not get the Python that it asks for, in a sentence; None when it does."""
    if python_for(wanted) != Path(sys.executable) or not wanted:
        return None
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    minor = ".".join(wanted.split(".")[:2])
    if minor == own:
        return None
    reason = "is too old to run models" if _is_too_old(minor) else "is not on this machine"
    return f"Python {minor}, which the model asks for, {reason}: it gets {own}."


@cache
def _found(minor: str) -> Path | None:
    if _is_too_old(minor):
        return None
    return next((each for each in _candidates(minor) if _is(each, minor)), None)


def _candidates(minor: str) -> Iterator[Path]:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder, f"python{minor}")
    for place in PLACES:
        yield from sorted(Path.home().glob(place.format(minor + ".")), reverse=True)


def _is(path: Path, minor: str) -> bool:
    """Whether it runs, is of that version and can make environments: some names on the path only lead to others."""
    if not os.access(path, os.X_OK):
        return False
    try:
        done = subprocess.run(
            [path, "-I", "-c", PROBE], capture_output=True, text=True, check=False, timeout=PROBE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == minor


def _is_too_old(minor: str) -> bool:
    major, _, rest = minor.partition(".")
    return (int(major), int(rest)) < OLDEST

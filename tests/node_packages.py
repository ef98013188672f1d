"""Packages of npm: installed once per lock file, outside of the repository."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

INSTALL_SECONDS = 300


def installed(folder: Path) -> Path:
    """The folder with `node_modules` of a folder's lock file; it stays for the next run.

    Raises CalledProcessError when npm cannot install them.
    """
    lock = (folder / "package-lock.json").read_bytes()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foretell-tests"
    place = home / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not place.exists():
        _install(folder, home, place)
    return place


def _install(folder: Path, home: Path, place: Path) -> None:
    """Installs into a folder of its own, which takes its place when it is whole: runs may overlap."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as part:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, part)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"],
            cwd=part,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=True,
        )
        try:
            Path(part, "node_modules").rename(place)
        except OSError:
            if not place.exists():
                raise

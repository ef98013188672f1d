"""An environment for each peer, so that no peer's dependencies meet another's or our own."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "foretell-benchmarks"
READY = "ready"
INSTALL_SECONDS = 1_200


def environment(name: str, requirements: tuple[str, ...]) -> Path:
    """The folder of an environment's programs, made when it is not there. Raises CalledProcessError."""
    wanted = hashlib.sha256("\n".join((sys.version, *requirements)).encode()).hexdigest()[:12]
    folder = FOLDER / f"{name}-{wanted}"
    programs = folder / "bin"
    if not (folder / READY).exists():
        print(f"Installing {' '.join(requirements)} …", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        install = [
            programs / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *requirements
        ]  # fmt: skip
        # What is on our own path is none of a peer's, and pip would have its requirements met there too.
        surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        subprocess.run(install, check=True, timeout=INSTALL_SECONDS, env=surroundings)
        (folder / READY).touch()
    return programs

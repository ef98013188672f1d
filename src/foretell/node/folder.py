"""A node's own folder under `<data>/run`: run folders, scratch folders, and the list of its children.

The folder is locked for as long as the node lives, so that the next start can tell whether it does.
"""

import asyncio
import fcntl
import os
import shutil
from pathlib import Path

CHILDREN = "children"
OUTPUTS = "out"
"""Where in a run's folder the child puts the files that it gives."""


class Folder:
    """The folder of one node incarnation."""

    def __init__(self, root: Path, node: str) -> None:
        """`root`: the folder of all nodes of this data directory."""
        self.path = root / node
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Locked before the folder is there: whoever sees the folder also sees that it is somebody's.
        self._lock = os.open(_lock(self.path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        (self.path / CHILDREN).mkdir(parents=True, mode=0o700)

    def new(self, name: str) -> Path:
        """A fresh, empty folder in it."""
        path = self.path / name
        path.mkdir(mode=0o700)
        return path

    def record_child(self, pid: int, started: str) -> None:
        """Remembers a child for after a crash; `started` tells it from a later process of that id."""
        (self.path / CHILDREN / str(pid)).write_text(started)

    def forget_child(self, pid: int) -> None:
        (self.path / CHILDREN / str(pid)).unlink(missing_ok=True)

    def close(self) -> None:
        """Removes the folder and all in it."""
        remove(self.path)
        os.close(self._lock)


def children_recorded(folder: Path) -> dict[int, str]:
    """The children that a node's folder remembers: process id and start time."""
    listed = folder / CHILDREN
    return {int(each.name): each.read_text() for each in listed.iterdir()} if listed.is_dir() else {}


def is_abandoned(folder: Path) -> bool:
    """Whether the node that made the folder is dead."""
    try:
        lock = os.open(_lock(folder), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def remove(folder: Path) -> None:
    """Removes a node's folder and its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    _lock(folder).unlink(missing_ok=True)


async def swept(path: Path) -> None:
    """Removes a run's folder: in a thread, if there is more in it than the folder of outputs that were taken."""
    if not (_is_gone(path) or (_is_gone(path / OUTPUTS) and _is_gone(path))):
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)


def _is_gone(path: Path) -> bool:
    """Whether it is, now that it was removed if it was empty."""
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")

"""Who needs what in a cache that several servers share: each data directory has its own list."""

import contextlib
import hashlib
from collections.abc import Collection
from pathlib import Path

WHOSE = "data-directory"
"""The file that says whose list it is: that of a directory which is there no more counts for nothing."""


class Claims:
    """One data directory's list, by the names of environments and the SHA-256 of weights."""

    def __init__(self, cache_path: Path, data_path: Path) -> None:
        self._lists = cache_path / "claims"
        self._data_path = data_path.absolute()
        mark = hashlib.sha256(str(self._data_path).encode()).hexdigest()[:16]
        self._own = self._lists / mark

    def claim(self, name: str) -> None:
        """This directory's server needs it from now on."""
        if not self._own.is_dir():
            self._own.mkdir(parents=True, exist_ok=True)
            (self._own / WHOSE).write_text(str(self._data_path))
        (self._own / name).touch()

    def keep_only(self, needed: Collection[str]) -> None:
        """This directory's server needs nothing else any more."""
        for each in self._own.iterdir() if self._own.is_dir() else ():
            if each.name != WHOSE and each.name not in needed:
                each.unlink(missing_ok=True)

    def of_others(self) -> set[str]:
        """What the servers of other data directories need."""
        found: set[str] = set()
        for each in self._lists.iterdir() if self._lists.is_dir() else ():
            if each != self._own and _is_there(each / WHOSE):
                found |= {claim.name for claim in each.iterdir()}
        return found


def _is_there(note: Path) -> bool:
    with contextlib.suppress(OSError):
        return Path(note.read_text()).is_dir()
    return False

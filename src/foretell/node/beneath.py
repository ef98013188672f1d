"""Files that a child names: a path from a child is a stranger's path, opened beneath its run's folder.

No link is followed, and only a regular file with a single name is read.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

READ_BYTES = 1024**2
_BENEATH = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def move(folder: Path, given: str, kept: Path) -> None:
    """Takes the file out of the child's reach. Raises ValueError and OSError for a path that leads elsewhere."""
    with _directory(folder, given) as (directory, name):
        os.rename(name, kept, src_dir_fd=directory)


def chunks(path: Path) -> Iterator[bytes]:
    """What a plain file holds. Raises ValueError for any other kind, and OSError."""
    with os.fdopen(os.open(path, _PLAIN), "rb") as file:
        _check(file.fileno())
        while chunk := file.read(READ_BYTES):
            yield chunk


def taken(folder: Path, given: str, *, bytes_max: int) -> bytes:
    """What a plain file holds, up to one byte more than `bytes_max`; the file is removed.

    Raises ValueError and OSError for a path that leads elsewhere or to anything else.
    """
    with _directory(folder, given) as (directory, name):
        try:
            with os.fdopen(os.open(name, _PLAIN, dir_fd=directory), "rb") as file:
                _check(file.fileno())
                return file.read(bytes_max + 1)
        finally:
            with suppress(OSError):
                os.unlink(name, dir_fd=directory)


@contextmanager
def _directory(folder: Path, given: str) -> Iterator[tuple[int, str]]:
    parts = PurePosixPath(given).parts
    if not parts or ".." in parts or given.startswith("/"):
        raise ValueError(given)
    directory = os.open(folder, _BENEATH)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _BENEATH, dir_fd=directory)
            os.close(directory)
            directory = inner
        yield directory, parts[-1]
    finally:
        os.close(directory)


def _check(file: int) -> None:
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise ValueError(file)

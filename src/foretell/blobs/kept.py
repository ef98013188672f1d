"""Keeping: blobs are not erased while somebody copies them. A lock says so, which ends with whoever holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def keeping(lock: Path) -> Iterator[None]:
    """Nothing is erased until the block ends. Waits for what is being erased just now."""
    with _opened(lock) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def erasing(lock: Path) -> Iterator[bool]:
    """Whether something may be erased until the block ends."""
    with _opened(lock) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _opened(lock: Path) -> Iterator[int]:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

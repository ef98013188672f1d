"""A lock between processes, so that what several need is made by one of them, once."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

POLL_SECONDS = 0.1


@asynccontextmanager
async def only_one(path: Path, *, on_wait: Callable[[], None] | None = None) -> AsyncIterator[int]:
    """Waits until nobody else holds the lock file `path`, then holds it for the block.

    `on_wait` is called once if somebody does.

    What it gives is the lock's file descriptor: a child process that inherits it keeps the lock for as
    long as it lives, also when this process is killed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if on_wait is not None and not is_taken(descriptor):
            on_wait()
        # A blocking flock in a thread could not be canceled, and no process hears of another's release.
        while not is_taken(descriptor):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def is_taken(descriptor: int) -> bool:
    """Takes the lock behind an open file for as long as that is open; False: somebody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""Leaving a run that goes on elsewhere: what has to be said there is said, also when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

PATIENCE_SECONDS = 1.2
"""How long a canceled run waits for the other server to confirm: shorter than the grace it has itself."""

_going: set[asyncio.Task[Any]] = set()


async def said_there(work: Coroutine[Any, Any, Any], *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether it was done in time. It goes on behind the run's back if not; cancels do not reach it."""
    task = asyncio.ensure_future(work)
    _going.add(task)
    task.add_done_callback(_forget)
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not task.done() and loop.time() < until:
        try:
            await asyncio.wait({task}, timeout=until - loop.time())
        except asyncio.CancelledError:
            # The cancel is repeated until the run has ended, which it is about to.
            continue
    return task.done()


def _forget(task: asyncio.Task[Any]) -> None:
    _going.discard(task)
    if not task.cancelled() and task.exception() is not None:
        print(f"What was left could not be canceled there: {task.exception()}")

"""A run's wait for its replica to be loaded."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from foretell.node.outcome import Measured
from foretell.node.replica import Replica
from foretell.prediction import Phase
from foretell.store.nodes import Readiness

NOTE_SECONDS = 0.5
"""A row is told how far the load is no more often than this."""


async def loaded(replica: Replica, measured: Measured, note: Callable[[Phase], Awaitable[None]]) -> None:
    """Returns once it is; until then `note` is told of each phase. Raises LoadFailed and ReplicaGone."""
    if replica.state is Readiness.READY:
        measured.waits.enter(None)
        return
    began_seconds = time.monotonic()
    ready = asyncio.ensure_future(replica.ready())
    told: tuple[Phase, float | None] | None = None
    try:
        while not (await asyncio.wait({ready}, timeout=NOTE_SECONDS if told else 0.0))[0]:
            if told != replica.phase:
                told = replica.phase
                await note(told[0])
        await ready
    finally:
        ready.cancel()
        measured.waits.enter(None)
        measured.load_seconds = time.monotonic() - began_seconds if told else 0.0

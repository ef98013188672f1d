"""A run's wait for its replica to be loaded."""

import time
from collections.abc import Awaitable, Callable

from foretell.node.outcome import Measured
from foretell.node.replica import Replica
from foretell.prediction import Phase

NOTE_SECONDS = 0.5
"""A row is told how far the load is no more often than this."""


async def loaded(replica: Replica, measured: Measured, note: Callable[[Phase], Awaitable[None]]) -> None:
    """Returns once it is; until then `note` is told of what it is at. Raises LoadFailed and ReplicaGone.

    However short a phase was, what it took is counted.
    """
    began_seconds = due_seconds = time.monotonic()
    told: tuple[Phase, float | None] | None = None
    try:
        while replica.is_loading:
            measured.waits.enter(replica.phase[0])
            left_seconds = due_seconds - time.monotonic()
            if left_seconds > 0 or replica.phase == told:
                await replica.changed.wait(left_seconds if left_seconds > 0 else NOTE_SECONDS)
                continue
            told, due_seconds = replica.phase, due_seconds - left_seconds + NOTE_SECONDS
            await note(told[0])
        await replica.ready()
    finally:
        measured.waits.enter(None)
        measured.load_seconds = time.monotonic() - began_seconds if told else 0.0

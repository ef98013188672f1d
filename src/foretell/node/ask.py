"""A question to a model of ours in the course of a prediction: a run that has no row of its own."""

import asyncio
import time
from pathlib import Path
from typing import Any

from foretell.ids import new_id
from foretell.model import Version
from foretell.node.fleet import Fleet
from foretell.node.frames import Done
from foretell.node.replica import Replica
from foretell.node.trouble import LoadFailed, ReplicaDied, ReplicaGone, RunFailed

TRIES_MAX = 3
MEMORY_LOOK_SECONDS = 1.0


async def ask(
    fleet: Fleet,
    version: Version,
    given: dict[str, Any],
    folder: Path,
    *,
    room_seconds: float | None = None,
) -> Any:
    """What the model answers. Raises LoadFailed, and RunFailed when it cannot say.

    `room_seconds`: how long to wait for memory, for which nothing at work gives way; None: for as long as a
    load and a run of the model may take, and what is at work gives way in the end.
    """
    for _ in range(TRIES_MAX):
        run_id = new_id()
        replica = await _replica(fleet, version, room_seconds)
        replica.assigned.add(run_id)
        try:
            await replica.ready()
            return await _answer(replica, run_id, given, folder)
        except (ReplicaDied, ReplicaGone):
            continue
        finally:
            replica.leave(run_id)
    raise RunFailed("worker_lost", f"The model '{version.model}' was lost {TRIES_MAX} times.")


async def _replica(fleet: Fleet, version: Version, room_seconds: float | None) -> Replica:
    limits = version.manifest.limits
    patience_seconds = limits.load_timeout_seconds + limits.run_timeout_seconds
    until_seconds = time.monotonic() + (patience_seconds if room_seconds is None else room_seconds)
    while (replica := fleet.want(version, swaps=room_seconds is None, within=True)) is None:
        if time.monotonic() > until_seconds:
            raise LoadFailed(f"There is no memory for '{version.model}'.")
        await fleet.changed.wait(MEMORY_LOOK_SECONDS)
    return replica


async def _answer(replica: Replica, run_id: str, given: dict[str, Any], folder: Path) -> Any:
    model = replica.version.model
    async with replica.entrance.slot(run_id) as channel:
        replica.say({"type": "run", "id": run_id, "input": given, "folder": str(folder)})
        try:
            async with asyncio.timeout(replica.version.manifest.limits.run_timeout_seconds):
                frame = await channel.ending()
        except TimeoutError as error:
            await replica.stop(terminate_seconds=0.0)
            raise RunFailed("timeout", f"The model '{model}' did not answer in time.") from error
    replica.wear.ran(frame.run_seconds)
    if not isinstance(frame, Done):
        raise RunFailed(
            "raised", f"The model '{model}' failed: {getattr(frame, 'message', 'it was canceled')}"
        )
    return frame.value

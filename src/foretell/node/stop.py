"""Stopping a run, by force if need be.

A replica that runs one at a time: a cooperative cancel, on which the child also raises an exception
in the model's thread; then SIGTERM, then SIGKILL of the process group, and a fresh child. Together
they take no longer than `stop_cooperative_seconds + stop_terminate_seconds` and the moment a killed
process needs to go. A run that yields but leaves processes behind takes its child with it, which ends with all
that it has started, in whatever session.

A replica that runs several: a member that does not yield is abandoned after the cooperative grace.
The replica takes nothing more, and is replaced when its other runs are done or `shutdown_seconds`
are over; those that are still under way then go back to the queue without a loss.

A member of a batch is abandoned at once while others go on in it: what it gives is dropped. The last one stops it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from foretell.config import Config
from foretell.node.channel import Channel
from foretell.node.frames import Frame
from foretell.node.replica import Replica
from foretell.node.trouble import ReplicaDied, ReplicaGone, RunFailed


@dataclass(frozen=True, slots=True)
class Stopped:
    """How far it had to go (`cooperative`, `abandoned`, `terminated`, `killed`), and how long that took."""

    stage: str
    seconds: float


async def stop_run(
    replica: Replica,
    run_id: str,
    channel: Channel,
    config: Config,
    passed: Callable[[Frame], None] | None = None,
) -> Stopped:
    """Returns when the run is over, or was left to a replica that is about to end.

    What it still says until then is `passed` by: how much it has used may be among it.
    """
    began_seconds = time.monotonic()
    has_neighbours = replica.entrance.has_neighbours(run_id)
    replica.say({"type": "cancel", "id": run_id})
    stage = "abandoned" if has_neighbours else await _stage(replica, channel, config, passed)
    return Stopped(stage, time.monotonic() - began_seconds)


async def _stage(
    replica: Replica, channel: Channel, config: Config, passed: Callable[[Frame], None] | None
) -> str:
    was_over = channel.is_left
    # Its place is another's once it is known what it leaves.
    channel.on_left = None
    if await _yielded(channel, config.stop_cooperative_seconds, passed):
        if was_over:
            return "cooperative"
        if replica.entrance.has_left_processes():
            replica.drain(0)
        return "cooperative"
    replica.was_forced = True
    if replica.entrance.capacity > 1:
        replica.drain(config.shutdown_seconds)
        return "abandoned"
    return await replica.stop(terminate_seconds=config.stop_terminate_seconds)


async def _yielded(channel: Channel, timeout_seconds: float, passed: Callable[[Frame], None] | None) -> bool:
    try:
        async with asyncio.timeout(timeout_seconds):
            await channel.ending(passed)
    except (ReplicaDied, ReplicaGone, RunFailed):
        return True
    except TimeoutError:
        return False
    return True

"""Which waiting predictions this node takes, and for which replica."""

import asyncio
import logging

from foretell.hardware import has
from foretell.model import Version
from foretell.node.fleet import Fleet
from foretell.node.machine import told_room
from foretell.node.placing import Need, why_never
from foretell.node.replica import Replica
from foretell.node.runs import Runs
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import DoesNotFit, LoadFailed
from foretell.store import LaneState

LOOK_SECONDS = 1.0
"""How often to look although nothing was heard."""
REFUSED_AT_ONCE = 100

log = logging.getLogger(__name__)


class Scheduler:
    """Looks at the lanes with waiting work whenever `wake` was called, and each second."""

    def __init__(self, node: str, surroundings: Surroundings, fleet: Fleet, runs: Runs) -> None:
        self.waited_for: set[str] = set()
        """The lanes in which somebody waited when they were last looked at, or waits since then."""
        self._node = node
        self._surroundings = surroundings
        self._fleet = fleet
        self._runs = runs

    async def serve(self, woken: asyncio.Event) -> None:
        """Takes work for as long as it is not canceled."""
        while True:
            woken.clear()
            try:
                await self._look()
            except Exception:
                log.exception("taking work failed")
                await asyncio.sleep(LOOK_SECONDS)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await woken.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        lanes = await self._surroundings.store.waiting()
        self.waited_for = {lane.lane for lane in lanes}
        for lane in sorted(lanes, key=lambda lane: lane.oldest_at or 0):
            if await self._is_ours(lane):
                await self._serve(lane)
        self._fleet.tend()

    async def _is_ours(self, lane: LaneState) -> bool:
        """Whether the lane is for hardware of this node's class, or for a class of which no node is left."""
        wanted = _class(lane)
        if has(self._surroundings.hardware, wanted):
            return True
        living = await self._surroundings.store.living(within_seconds=self._surroundings.config.lost_seconds)
        return not any(has(each.hardware.get("name", ""), wanted) for each in living)

    async def _serve(self, lane: LaneState) -> None:
        hardware, waiting = _class(lane), lane.waiting
        while waiting > 0:
            replica = self._fleet.of(lane.version_id, hardware) or await self._wanted(lane)
            if replica is None:
                return
            # It is heard of as soon as one more can be taken.
            replica.is_wanted = waiting > replica.room
            if not replica.room:
                return
            count = min(replica.room, waiting)
            taken = await self._surroundings.store.take(lane.lane, node=self._node, count=count)
            for prediction in taken:
                self._runs.start(prediction, replica)
            waiting = waiting - count if taken else 0
        self.waited_for.discard(lane.lane)

    async def _wanted(self, lane: LaneState) -> Replica | None:
        version = await self._surroundings.store.version(lane.version_id)
        if version is None:
            return None
        try:
            return self._fleet.want(version, hardware=_class(lane))
        except LoadFailed as failure:
            if not isinstance(failure, DoesNotFit) or not await self._fits_elsewhere(version):
                await self._refuse(lane, version, failure)
            return None

    async def _fits_elsewhere(self, version: Version) -> bool:
        """Whether another node that lives has a place for what has none here."""
        limits = version.manifest.limits
        wanted = Need(memory_mb=limits.memory_mb, gpu=limits.gpu, gpu_memory_mb=limits.gpu_memory_mb)
        living = await self._surroundings.store.living(within_seconds=self._surroundings.config.lost_seconds)
        others = [each for each in living if each.incarnation != self._node]
        return any(why_never(told_room(each.hardware), wanted) is None for each in others)

    async def _refuse(self, lane: LaneState, version: Version, failure: LoadFailed) -> None:
        """The model has no place, or has failed to load again and again: who waits for it is told so at once."""
        taken = await self._surroundings.store.take(lane.lane, node=self._node, count=REFUSED_AT_ONCE)
        await asyncio.gather(*(self._runs.refuse(each, version, failure) for each in taken))


def _class(lane: LaneState) -> str:
    return lane.lane.rpartition(":")[2]

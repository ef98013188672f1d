"""The rows of replicas: what people see of them, and what estimates are made from."""

import logging
import time

from foretell.errors import Error
from foretell.node.replica import Replica
from foretell.node.surroundings import Surroundings
from foretell.store.nodes import Facts, Readiness, ReplicaState

LINE_SECONDS = 0.5
"""How often a row is told what is being installed."""
NOTE_SECONDS = 2.0
"""How often it is told what its replica has done and holds."""

log = logging.getLogger(__name__)

Said = tuple[Readiness, int | None, str]


class Chronicle:
    """A node's. A row that could not be written says it all again the next time."""

    def __init__(self, node: str, surroundings: Surroundings) -> None:
        self._node = node
        self._surroundings = surroundings
        self._said: dict[str, Said] = {}
        self._written: dict[str, tuple[ReplicaState, float]] = {}

    async def tell(self, replica: Replica) -> bool:
        """Writes a replica's state and how far it is, if that is news; False: it was not."""
        said = (replica.state, _percent(replica.phase[1]), replica.line)
        before = self._said.get(replica.id)
        if said == before or (before and said[:2] == before[:2] and not self._is_due(replica, LINE_SECONDS)):
            return False
        self._said[replica.id] = said
        await self._write(self._row(replica))
        return True

    async def note(self, replica: Replica) -> None:
        """Writes what it has done and holds, if that is news and not too soon."""
        row, before = self._row(replica), self._written.get(replica.id)
        if before is not None and row != before[0] and self._is_due(replica, NOTE_SECONDS):
            await self._write(row)

    def forget(self, replica: Replica) -> None:
        """It is over."""
        self._said.pop(replica.id, None)
        self._written.pop(replica.id, None)

    async def knows(self, replica: Replica) -> bool:
        """Whether there still is the version that it is of; one that did not stand its trial is forgotten."""
        try:
            return await self._surroundings.store.version(replica.version.id) is not None
        except Error:
            return False

    def _is_due(self, replica: Replica, seconds: float) -> bool:
        before = self._written.get(replica.id)
        return before is None or time.monotonic() - before[1] >= seconds

    async def _write(self, row: ReplicaState) -> None:
        self._written[row.id] = (row, time.monotonic())
        try:
            await self._surroundings.store.replica(row)
        except Error:
            # The row is for people to look at; the next one says it again.
            log.warning("the state of the replica %s could not be written", row.id, exc_info=True)

    def _row(self, replica: Replica) -> ReplicaState:
        wear = replica.wear
        return ReplicaState(
            id=replica.id,
            version_id=replica.version.id,
            node=self._node,
            state=replica.state,
            fraction=replica.phase[1],
            pid=replica.pid,
            memory_mb=wear.memory_peak_mb or None,
            facts=Facts(
                capacity=replica.entrance.capacity,
                gpus=replica.gpus,
                gpu_memory_mb=wear.gpu_memory_peak_mb or None,
                line=replica.line,
                load_seconds=replica.load_seconds or None,
                run_seconds=None if wear.run_seconds is None else round(wear.run_seconds, 3),
                runs=wear.runs,
                running=len(replica.assigned),
                used_at=self._used_at(replica) if wear.runs else None,
            ),
        )

    def _used_at(self, replica: Replica) -> int:
        """To the second, or a replica that rests would have news each time."""
        ago_seconds = time.monotonic() - replica.used_seconds
        return round(self._surroundings.clock() / 1_000_000 - ago_seconds) * 1_000_000


def _percent(fraction: float | None) -> int | None:
    return None if fraction is None else int(100 * fraction)

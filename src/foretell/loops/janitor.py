"""The janitor: frees what lost nodes held, purges what is over its time, erases what nobody may read any more."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from foretell.blobs import Blobs
from foretell.config import Config
from foretell.loops.closing import Closing
from foretell.loops.steps import Step, forever
from foretell.loops.sweep import Sweep
from foretell.store import ERASE, PURGES, Store

ORPHANS_AT_ONCE = 200
ERASE_SECONDS = 60.0
FORGET_SECONDS = 3_600.0
PURGED_AT_ONCE = 50
PURGE_SECONDS = 60.0
"""How often is looked for what is to be purged or erased where no notice says so."""
PURGE_SECONDS_MIN = 0.2
KEPT_SECONDS = 5.0
"""How long the blobs are left alone that somebody copies."""
STAGED_SECONDS = 86_400.0
"""What was staged so long ago belongs to no upload that is still under way."""

_log = logging.getLogger(__name__)


class Silence:
    """How long each node has said nothing new, as far as this process was there to hear it."""

    def __init__(self, lost_seconds: float) -> None:
        self._lost_seconds = lost_seconds
        self._heard: dict[str, tuple[int, float]] = {}
        self._listening_since: float | None = None

    def interrupted(self) -> None:
        """This process could not have heard anybody: it begins to listen anew."""
        self._listening_since = None

    def lost(self, seen: Mapping[str, int], *, now: float) -> dict[str, int] | None:
        """The nodes that are lost, with their last words; None: not listened long enough to say.

        `seen` has each node's last heartbeat by the database's clock, `now` is this process's. What the
        database's clock shows does not matter, and it may be set back: a node that lives says something else.
        """
        if self._listening_since is None:
            self._heard, self._listening_since = {}, now
        self._heard = {
            node: self._heard[node] if node in self._heard and self._heard[node][0] == at else (at, now)
            for node, at in seen.items()
        }
        if now - self._listening_since < self._lost_seconds:
            return None
        return {
            node: at for node, (at, heard_at) in self._heard.items() if now - heard_at >= self._lost_seconds
        }


class Janitor:
    """One process's janitor. Several may work on one store: each of its steps may as well be done twice."""

    def __init__(
        self, store: Store, blobs: Blobs, config: Config, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._clock = clock
        # On SQLite there is one server, which rescues at its start; time says nothing about who lives.
        self._rescues = bool(config.database)
        self._audit_days = config.audit_days
        self._pause_seconds = config.lost_seconds / 4
        self._silence = Silence(config.lost_seconds)
        self._looked_at = clock()

    async def run(self) -> None:
        """Cleans up until canceled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._on_notice(ERASE, self.erase))
            group.create_task(self._on_notice(PURGES, self.purge))
            group.create_task(forever(self._store.end_overdue))
            group.create_task(forever(self.forget_deeds))
            group.create_task(forever(self.forget_sessions))
            group.create_task(forever(self.clear_staged))
            group.create_task(forever(Closing(self._store).step))
            group.create_task(forever(Sweep(self._store, self._blobs).step))
            if self._rescues:
                group.create_task(forever(self.rescue))

    async def rescue(self) -> float:
        """Frees the rows of nodes that have been silent too long; how long to wait before looking again.

        It trusts their silence only after listening as long itself without a break: who could not reach
        the database could not have heard them either.
        """
        if self._clock() - self._looked_at > 2 * self._pause_seconds:
            self._silence.interrupted()
        try:
            async with asyncio.timeout(self._pause_seconds):
                nodes = await self._store.nodes()
        except BaseException:
            self._silence.interrupted()
            raise
        self._looked_at = self._clock()
        seen = {each.incarnation: each.seen_at for each in nodes}
        silent = self._silence.lost(seen, now=self._looked_at)
        if silent is not None:
            count = await self._store.rescue(silent=silent)
            _log.log(
                logging.WARNING if count else logging.DEBUG, "Freed %d predictions of lost nodes.", count
            )
        return self._pause_seconds

    async def erase(self) -> float:
        """Erases the blobs of files that were deleted or removed; how long to wait before looking again."""
        with self._blobs.erasing() as may_erase:
            if not may_erase:
                return KEPT_SECONDS
            orphans = await self._store.orphans(ORPHANS_AT_ONCE)
            # Asked only now: in the copy of whoever begins after this they are deleted, too.
            if orphans and await self._store.is_copied():
                return KEPT_SECONDS
            if orphans:
                await self._blobs.delete([each.blob for each in orphans])
                await self._store.erased([each.id for each in orphans])
        return 0 if len(orphans) == ORPHANS_AT_ONCE else ERASE_SECONDS

    async def purge(self) -> float:
        """Purges what is over its time; how long to wait before looking again."""
        count = await self._store.purge(PURGED_AT_ONCE)
        if count:
            _log.info("Purged %d parts of predictions, and uploads.", count)
        if count == PURGED_AT_ONCE:
            return 0
        next_at = await self._store.next_purge_at()
        left = PURGE_SECONDS if next_at is None else next_at / 1_000_000 - time.time()
        return min(max(left, PURGE_SECONDS_MIN), PURGE_SECONDS)

    async def _on_notice(self, topic: str, step: Step) -> None:
        """Takes the step again and again, at once when it is said that there is something to do."""
        with self._store.notices.subscribe(topic) as notice:
            await forever(step, wait=notice.wait)

    async def forget_deeds(self) -> float:
        """Takes what is too old out of the audit log; how long to wait before looking again."""
        before = time.time_ns() // 1_000 - self._audit_days * 86_400 * 1_000_000
        return 0 if await self._store.forget_deeds(before) else FORGET_SECONDS

    async def forget_sessions(self) -> float:
        """Takes away sessions that have ended; how long to wait before looking again."""
        await self._store.forget_sessions()
        return FORGET_SECONDS

    async def clear_staged(self) -> float:
        """Removes what uploads that were cut short left behind; how long to wait before looking again."""
        await self._blobs.clear_staged(older_than_seconds=STAGED_SECONDS)
        return STAGED_SECONDS / 24

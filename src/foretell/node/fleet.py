"""The replicas of a node: one per version, as many versions as the memory holds."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable

from foretell.errors import Error
from foretell.model import Version
from foretell.node.bell import Bell
from foretell.node.breaker import Breaker
from foretell.node.folder import Folder
from foretell.node.memory import Loaded, limit_mb, plan
from foretell.node.replica import Replica
from foretell.node.surroundings import Surroundings
from foretell.store.nodes import Readiness, ReplicaState

SWAP_AFTER_SECONDS = 30.0
"""A model that has waited this long for memory, or twice its own load time, takes it from a busy one."""

log = logging.getLogger(__name__)


class Fleet:
    """Wanting a replica is the only way to load one. `wake` is called when a replica may take more."""

    def __init__(
        self, node: str, surroundings: Surroundings, folder: Folder, wake: Callable[[], None]
    ) -> None:
        self.swap_after_seconds = SWAP_AFTER_SECONDS
        self.changed = Bell()
        self._node = node
        self._surroundings = surroundings
        self._folder = folder
        self._wake = wake
        self._limit_mb = limit_mb(surroundings.config)
        self._replicas: dict[str, Replica] = {}
        self._leaving: set[Replica] = set()
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self._peaks_mb: defaultdict[str, int] = defaultdict(int)
        self._load_seconds: defaultdict[str, float] = defaultdict(float)
        self._since_seconds: dict[str, float] = {}
        self._followers: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    @property
    def replicas(self) -> list[Replica]:
        """All that still have a process, or are about to."""
        return [*self._replicas.values(), *self._leaving]

    def of(self, version_id: str) -> Replica | None:
        """The version's replica, if there is one that takes more."""
        replica = self._replicas.get(version_id)
        return None if replica is None or replica.is_over else replica

    def want(self, version: Version, *, swaps: bool = True) -> Replica | None:
        """The version's replica, loading if need be; None: it has to wait for memory. Raises LoadFailed.

        With `swaps`, a replica at work gives way to who has waited too long.
        """
        replica = self.of(version.id)
        if replica is not None:
            return replica
        failure = self._breakers[version.id].open_for(time.monotonic())
        if failure is not None:
            raise failure
        if self._is_stopping or not self._make_room(version, swaps=swaps):
            return None
        return self._add(version)

    def tend(self) -> None:
        """Unloads what has been idle for longer than its model wants to stay."""
        now_seconds = time.monotonic()
        for replica in tuple(self._replicas.values()):
            idle_seconds = replica.version.manifest.limits.idle_seconds
            if replica.is_idle and now_seconds - replica.used_seconds >= idle_seconds:
                replica.drain()

    async def stop(self) -> None:
        """Ends every child, and returns when they are gone."""
        self._is_stopping = True
        seconds = self._surroundings.config.stop_terminate_seconds
        await asyncio.gather(*(each.stop(terminate_seconds=seconds) for each in self.replicas))
        if self._followers:
            await asyncio.wait(self._followers, timeout=seconds + 1.0)

    def _add(self, version: Version) -> Replica:
        self._since_seconds.pop(version.id, None)
        before = self._replicas.get(version.id)
        if before is not None:
            self._leaving.add(before)
        replica = self._replicas[version.id] = Replica(version, self._surroundings, self._folder)
        follower = asyncio.create_task(self._follow(replica))
        self._followers.add(follower)
        follower.add_done_callback(self._followers.discard)
        return replica

    def _make_room(self, version: Version, *, swaps: bool) -> bool:
        wanted_mb = max(version.manifest.limits.memory_mb, self._peaks_mb[version.id])
        found = plan(self._limit_mb, wanted_mb, [self._footprint(each) for each in self.replicas])
        if found.fits:
            return True
        for replica in tuple(self._replicas.values()):
            if replica.id in found.unload:
                replica.drain()
        if swaps and not found.unload:
            self._swap(version)
        return False

    def _swap(self, version: Version) -> None:
        """When somebody has waited too long, the replica that was loaded first ends after its runs."""
        now_seconds = time.monotonic()
        since_seconds = self._since_seconds.setdefault(version.id, now_seconds)
        patience_seconds = max(self.swap_after_seconds, 2 * self._load_seconds[version.id])
        busy = [each for each in self._replicas.values() if not each.is_over]
        is_making_room = any(each.is_over for each in self.replicas)
        if busy and not is_making_room and now_seconds - since_seconds >= patience_seconds:
            min(busy, key=lambda each: each.id).drain()

    def _footprint(self, replica: Replica) -> Loaded:
        self._peaks_mb[replica.version.id] = max(self._peaks_mb[replica.version.id], replica.memory_peak_mb)
        return Loaded(
            id=replica.id,
            memory_mb=max(replica.version.manifest.limits.memory_mb, self._peaks_mb[replica.version.id]),
            used_seconds=replica.used_seconds,
            is_idle=replica.is_idle,
            is_leaving=replica.is_over,
        )

    async def _follow(self, replica: Replica) -> None:
        """Keeps the replica's row true, and what it leaves behind."""
        written: tuple[Readiness, int | None] | None = None
        while replica.state is not Readiness.DEAD:
            found = (replica.state, _percent(replica.phase[1]))
            if found != written:
                written = found
                self._on_move(replica)
                self._ring()
                await self._write(replica)
                continue
            self._ring()
            await replica.changed.wait(1.0)
        self._on_death(replica)
        await self._write(replica)

    def _on_move(self, replica: Replica) -> None:
        if replica.state is Readiness.READY:
            self._breakers[replica.version.id].loaded()
            self._load_seconds[replica.version.id] = replica.load_seconds
            log.info("%s is loaded after %.1f s", replica.version.model, replica.load_seconds)
        if replica.state is Readiness.DRAINING and self._replicas.get(replica.version.id) is replica:
            del self._replicas[replica.version.id]
            self._leaving.add(replica)

    def _on_death(self, replica: Replica) -> None:
        version = replica.version
        self._leaving.discard(replica)
        if self._replicas.get(version.id) is replica:
            del self._replicas[version.id]
        if replica.failure is not None:
            log.warning("%s could not be loaded: %s", version.model, replica.failure.message)
            self._breakers[version.id].failed(replica.failure, time.monotonic())
        elif replica.was_forced and not self._is_stopping and version.id not in self._replicas:
            # A caller's cancel took the warm replica from those who come next.
            self._add(version)
        self._ring()

    def _ring(self) -> None:
        self.changed.ring()
        self._wake()

    async def _write(self, replica: Replica) -> None:
        row = ReplicaState(
            id=replica.id,
            version_id=replica.version.id,
            node=self._node,
            state=replica.state,
            fraction=replica.phase[1],
            pid=replica.pid,
            memory_mb=replica.memory_peak_mb or None,
        )
        try:
            await self._surroundings.store.replica(row)
        except Error:
            # The row is for people to look at; the next one says it again.
            log.warning(
                "the state of a replica of %s could not be written", replica.version.model, exc_info=True
            )


def _percent(fraction: float | None) -> int | None:
    return None if fraction is None else int(100 * fraction)

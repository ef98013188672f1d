"""The replicas of a node: for each version as many as are wanted and allowed, where there is room for them."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain

from foretell.hardware import ANY, has
from foretell.model import Version
from foretell.node.aside import Aside
from foretell.node.bell import Bell
from foretell.node.breaker import Breaker
from foretell.node.chronicle import Chronicle
from foretell.node.folder import Folder
from foretell.node.placing import Placed, plan, why_never
from foretell.node.replica import Replica
from foretell.node.surroundings import Surroundings
from foretell.node.takings import Takings
from foretell.node.trouble import DoesNotFit
from foretell.store import Orders
from foretell.store.nodes import Readiness

SWAP_AFTER_SECONDS = 30.0
"""A model that has waited this long for room, or twice its own load time, takes it from busy ones."""

log = logging.getLogger(__name__)


class Fleet:
    """Wanting a replica is the only way to load one. `wake` is called when a replica may take more.

    `orders` are those of operators; `obey` brings new ones.
    """

    def __init__(
        self, node: str, surroundings: Surroundings, folder: Folder, wake: Callable[[], None]
    ) -> None:
        self.swap_after_seconds = SWAP_AFTER_SECONDS
        self.changed = Bell()
        self._surroundings = surroundings
        self._folder = folder
        self._wake = wake
        self._machine = surroundings.machine
        self._chronicle = Chronicle(node, surroundings)
        self._aside = Aside(self._machine)
        self._replicas: defaultdict[str, list[Replica]] = defaultdict(list)
        self._leaving: set[Replica] = set()
        self._successors: dict[Replica, Replica] = {}
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self._takings: defaultdict[str, Takings] = defaultdict(Takings)
        self._since_seconds: dict[str, float] = {}
        self._followers: set[asyncio.Task[None]] = set()
        self.orders = Orders()
        self._kept: dict[str, Version] = {}
        self._is_stopping = False

    @property
    def replicas(self) -> list[Replica]:
        """All that still have a process, or are about to."""
        return [*chain.from_iterable(self._replicas.values()), *self._leaving]

    def of(self, version_id: str, hardware: str = ANY) -> Replica | None:
        """The version's replica for what waits: warm before loading, then the least busy; None: `want` one."""
        there = self._usable(version_id, hardware)
        if not there or self._is_held_back(there[0].version):
            return None
        best = there[0] if len(there) == 1 else min(there, key=_burden)
        if best.state is Readiness.READY and best.wear.is_over(best.version.manifest.limits):
            self._renew(best)
        return best if (best.takes_ahead and not best.is_over) or best.room else None

    def want(
        self, version: Version, *, hardware: str = ANY, swaps: bool = True, within: bool = False
    ) -> Replica | None:
        """The version's replica, loading if need be; None: it has to wait for room. Raises LoadFailed.

        With `swaps`, replicas at work give way to who has waited too long. `within` a run that is under way, it is had
        although the node takes nothing more.
        """
        there = self._usable(version.id, hardware)
        if within and there:
            return min(there, key=_burden)
        found = None if within else self.of(version.id, hardware)
        if found or self._is_stopping or (not within and self._is_held_back(version)):
            return found
        failure = self._breakers[version.id].open_for(time.monotonic())
        if there:
            self._grow(version, hardware, may=failure is None)
            return None
        if failure is not None:
            raise failure
        return self._first(version, hardware, swaps=swaps)

    def obey(self, orders: Orders, kept: Iterable[Version]) -> None:
        """What operators want, and which versions are to be kept warm, from now on."""
        before, self.orders = self.orders, orders
        self._kept = {each.id: each for each in kept}
        if before != orders:
            self._ring()

    def tend(self) -> None:
        """Unloads what is not wanted any more, makes anew what is worn, and loads what is to be kept warm."""
        now_seconds = time.monotonic()
        for each in [*chain.from_iterable(self._replicas.values())]:
            if self._is_to_go(each, now_seconds):
                each.drain()
            elif each.state is Readiness.READY and each.wear.is_over(each.version.manifest.limits):
                self._renew(each)
        for version in self._kept.values():
            there = [each for each in self._replicas[version.id] if not each.is_over]
            rests = self._breakers[version.id].rests(now_seconds) or self._is_held_back(version)
            if len(there) < version.manifest.limits.warm_min and not rests:
                failure = self._breakers[version.id].open_for(now_seconds)
                self._grow(version, ANY, may=failure is None)

    async def note(self) -> None:
        """Writes down what replicas have done and hold by now, where that is news."""
        for each in self.replicas:
            await self._chronicle.note(each)

    async def stop(self) -> None:
        """Ends every child, and returns when they are gone."""
        self._is_stopping = True
        seconds = self._surroundings.config.stop_terminate_seconds
        await asyncio.gather(*(each.stop(terminate_seconds=seconds) for each in self.replicas))
        if self._followers:
            await asyncio.wait(self._followers, timeout=seconds + 1.0)
        self._aside.close()

    def _usable(self, version_id: str, hardware: str) -> list[Replica]:
        there = [each for each in self._replicas.get(version_id, ()) if not each.is_over]
        return [each for each in there if self._is_of(each, hardware)] if self._machine.room.gpus else there

    def _is_of(self, replica: Replica, hardware: str) -> bool:
        """On which GPUs of the machine it lies matters only where that has some of the class that is asked for."""
        gpus = self._machine.room.gpus
        is_here = bool(replica.gpus) and any(has(each.name, hardware) for each in gpus)
        return not is_here or all(has(gpus[each].name, hardware) for each in replica.gpus)

    def _is_held_back(self, version: Version) -> bool:
        return self.orders.is_drained or version.model in self.orders.paused

    def _is_kept(self, replica: Replica) -> bool:
        version = self._kept.get(replica.version.id)
        if version is None or self._is_held_back(version):
            return False
        there = [each for each in self._replicas[version.id] if not each.is_over]
        return len(there) <= version.manifest.limits.warm_min

    def _is_to_go(self, replica: Replica, now_seconds: float) -> bool:
        if replica.id in self.orders.unload:
            return True
        if not replica.is_idle or self._is_kept(replica):
            return False
        idle_seconds = now_seconds - replica.used_seconds
        return self.orders.is_drained or idle_seconds >= replica.version.manifest.limits.idle_seconds

    def _first(self, version: Version, hardware: str, *, swaps: bool) -> Replica | None:
        wanted = self._takings[version.id].need(version, self._machine.room, hardware)
        why = why_never(self._machine.room, wanted)
        if why is not None:
            raise DoesNotFit(f"The model '{version.model}' cannot run on this machine: {why}.")
        gpus = self._seat(version, hardware, swaps=swaps)
        return None if gpus is None else self._add(version, gpus)

    def _grow(self, version: Version, hardware: str, *, may: bool) -> None:
        """Loads one more where there is room; nobody at work gives way to it."""
        there = [each for each in self._replicas[version.id] if not each.is_over]
        is_coming = any(each.state is not Readiness.READY for each in there)
        if may and not self._is_stopping and not is_coming and len(there) < version.manifest.limits.slots_max:
            gpus = self._seat(version, hardware, swaps=False)
            if gpus is not None:
                self._add(version, gpus)

    def _renew(self, old: Replica) -> None:
        """Another is loaded first if there is room; else this one ends, and the next is loaded after it.

        One at a time: while one of the version comes or leaves, the others stay.
        """
        version = old.version
        others = [each for each in self.replicas if each.version.id == version.id and each is not old]
        if any(each.state is not Readiness.READY for each in others):
            return
        if self._breakers[version.id].open_for(time.monotonic()):
            return
        wanted = self._takings[version.id].need(version, self._machine.room, ANY)
        found = plan(self._machine.room, wanted, self._placed(), self._aside.gpus)
        if found.fits:
            self._successors[self._add(version, found.gpus)] = old
        else:
            old.drain()

    def _add(self, version: Version, gpus: tuple[int, ...]) -> Replica:
        self._since_seconds.pop(version.id, None)
        replica = Replica(version, self._surroundings, self._folder, gpus)
        self._replicas[version.id].append(replica)
        follower = asyncio.create_task(self._follow(replica))
        self._followers.add(follower)
        follower.add_done_callback(self._followers.discard)
        return replica

    def _seat(self, version: Version, hardware: str, *, swaps: bool) -> tuple[int, ...] | None:
        """The GPUs it gets; None: it has to wait, perhaps for idle ones that are sent away now."""
        room, placed = self._machine.room, self._placed()
        wanted = self._takings[version.id].need(version, room, hardware)
        found = plan(room, wanted, placed, self._aside.gpus)
        if found.fits:
            return found.gpus
        unload = found.unload
        if swaps and not unload and self._has_waited_long(version):
            # Those that were loaded first end after their runs.
            busy = sorted((replace(each, is_idle=True, used_seconds=0.0) for each in placed), key=_id)
            unload = plan(room, wanted, busy, self._aside.gpus).unload
        for each in self.replicas:
            if each.id in unload:
                each.drain()
        return None

    def _has_waited_long(self, version: Version) -> bool:
        now_seconds = time.monotonic()
        since_seconds = self._since_seconds.setdefault(version.id, now_seconds)
        patience_seconds = max(self.swap_after_seconds, 2 * self._takings[version.id].load_seconds)
        is_making_room = any(each.is_over for each in self.replicas)
        return not is_making_room and now_seconds - since_seconds >= patience_seconds

    def _placed(self) -> list[Placed]:
        for each in self.replicas:
            self._takings[each.version.id].saw(each.wear)
        return [
            Placed(
                id=each.id,
                need=self._takings[each.version.id].need(each.version, self._machine.room, ANY),
                gpus=each.gpus,
                used_seconds=each.used_seconds,
                is_idle=each.is_idle and not self._is_kept(each),
                is_leaving=each.is_over,
            )
            for each in self.replicas
        ]

    async def _follow(self, replica: Replica) -> None:
        """Keeps the replica's row true, and what it leaves behind."""
        state: Readiness | None = None
        while replica.state is not Readiness.DEAD:
            if replica.state is not state:
                state = replica.state
                self._on_move(replica)
            self._ring()
            if not await self._chronicle.tell(replica):
                await replica.changed.wait(1.0)
        await self._aside.prove(replica)
        self._on_death(replica, is_known=await self._chronicle.knows(replica))
        await self._chronicle.tell(replica)
        self._chronicle.forget(replica)

    def _on_move(self, replica: Replica) -> None:
        version = replica.version
        if replica.state is Readiness.READY:
            self._breakers[version.id].loaded()
            self._takings[version.id].load_seconds = replica.load_seconds
            log.info("%s is loaded after %.1f s", version.model, replica.load_seconds)
            if before := self._successors.pop(replica, None):
                before.drain()
        if replica.state is Readiness.DRAINING and replica in self._replicas[version.id]:
            self._replicas[version.id].remove(replica)
            self._leaving.add(replica)

    def _on_death(self, replica: Replica, *, is_known: bool) -> None:
        version = replica.version
        self._takings[version.id].saw(replica.wear)
        self._successors.pop(replica, None)
        was_leaving = replica in self._leaving
        self._leaving.discard(replica)
        if replica in self._replicas[version.id]:
            self._replicas[version.id].remove(replica)
        if replica.failure is not None:
            log.warning("%s could not be loaded: %s", version.model, replica.failure.message)
            self._breakers[version.id].failed(replica.failure, time.monotonic())
        elif replica.was_forced and is_known and not self._is_held_back(version):
            # A caller's cancel took the warm replica from those who come next.
            self._grow(version, ANY, may=not self._replicas[version.id])
        elif not was_leaving:
            self._breakers[version.id].died(time.monotonic())
        self._ring()

    def _ring(self) -> None:
        self.changed.ring()
        self._wake()


def _burden(replica: Replica) -> tuple[bool, float]:
    return replica.state is not Readiness.READY, len(replica.assigned) / replica.entrance.seats


def _id(placed: Placed) -> str:
    return placed.id

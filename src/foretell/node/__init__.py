"""A node: the part of a process that runs models on this machine."""

import asyncio
import logging
import socket

from foretell.errors import Error
from foretell.hardware import has
from foretell.ids import new_token
from foretell.node.fleet import Fleet
from foretell.node.folder import Folder
from foretell.node.gauge import Gauge
from foretell.node.heartbeat import Heartbeat
from foretell.node.leftovers import clear_leftovers
from foretell.node.reserved import Reserved
from foretell.node.runs import Runs
from foretell.node.scheduler import Scheduler
from foretell.node.surroundings import Surroundings
from foretell.node.wishes import Wishes
from foretell.prediction import NewPrediction
from foretell.store.places import Place

__all__ = ["Node", "Surroundings"]

OVERDUE_AGAIN_SECONDS = 5.0
"""How soon after a failure deadlines are looked at again."""

log = logging.getLogger(__name__)


class Node:
    """Takes waiting predictions and runs them, from `start` to `stop`; it is not started again."""

    def __init__(self, surroundings: Surroundings) -> None:
        host = socket.gethostname()
        self.incarnation = f"{host}-{new_token(64)}"
        self._surroundings = surroundings
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        root = surroundings.config.data_path / "run"
        for pid in clear_leftovers(root):
            log.warning("killed the process %s, which a node that died had left running", pid)
        self._folder = Folder(root, self.incarnation)
        self.fleet = Fleet(self.incarnation, surroundings, self._folder, self._woken.set)
        self._gauge = Gauge(self.fleet, surroundings.machine)
        self._wishes = Wishes(self.incarnation, surroundings, self.fleet)
        self._runs = Runs(surroundings, self._folder, self.fleet)
        self._scheduler = Scheduler(self.incarnation, surroundings, self.fleet, self._runs)
        # On Postgres a host may have several nodes, so that each incarnation has a row of its own.
        name = self.incarnation if surroundings.config.database else host
        self._heartbeat = Heartbeat(name, self.incarnation, surroundings, self._runs)

    async def start(self) -> None:
        """Returns once the node lives and takes work."""
        store = self._surroundings.store
        await self._heartbeat.beat()
        if not self._surroundings.config.database:
            # A SQLite file has one server at a time: whatever another incarnation held, nobody runs any more.
            await store.rescue(but=self.incarnation)
        await self._wishes.look()
        work = (
            self._wishes.serve(),
            self._gauge.serve(),
            self._heartbeat.serve(),
            self._heartbeat.listen(),
            self._listen(),
            self._end_overdue(),
            self._scheduler.serve(self._woken),
        )
        self._tasks = [asyncio.create_task(each) for each in work]
        store.offer = self._offer

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Takes no more work, lets runs end within the grace, sends the rest back, and ends every child."""
        if not self._tasks:
            return
        *others, scheduling = self._tasks
        self._tasks = []
        self._surroundings.store.offer = None
        scheduling.cancel()
        await asyncio.wait({scheduling})
        if grace_seconds is None:
            grace_seconds = self._surroundings.config.shutdown_seconds
        await self._runs.stop(grace_seconds)
        await self.fleet.stop()
        for each in others:
            each.cancel()
        await asyncio.wait(others)
        await self._heartbeat.let_go()
        self._folder.close()

    def _offer(self, new: NewPrediction) -> Place | None:
        """A place in a replica that would run it at once."""
        hardware = new.lane.rpartition(":")[2]
        if not has(self._surroundings.hardware, hardware):
            return None
        replica = self.fleet.of(new.version_id, hardware)
        if replica is None or not replica.can_start:
            return None
        is_waited_for = new.lane in self._scheduler.waited_for
        return Reserved(self.incarnation, new.id, replica, self._runs, is_waited_for=is_waited_for)

    async def _end_overdue(self) -> None:
        """Keeps to deadlines also where no API is left to do so."""
        while True:
            try:
                await asyncio.sleep(await self._surroundings.store.end_overdue())
            except Error as error:
                log.warning("what is over its deadline could not be ended: %s", error.message)
                await asyncio.sleep(OVERDUE_AGAIN_SECONDS)

    async def _listen(self) -> None:
        with self._surroundings.store.notices.subscribe("waiting") as waiting:
            while True:
                if await waiting.wait(60.0):
                    self._woken.set()

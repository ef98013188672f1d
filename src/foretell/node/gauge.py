"""Measures, each second, what the processes of replicas hold of this machine."""

import asyncio
import logging

from foretell.node.fleet import Fleet
from foretell.node.machine import Machine
from foretell.node.replica import Replica
from foretell.store.nodes import Readiness

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Gauge:
    """A node's. What rests is not measured again before it has run."""

    def __init__(self, fleet: Fleet, machine: Machine) -> None:
        self._fleet = fleet
        self._machine = machine
        self._measured_runs: dict[str, int] = {}

    async def serve(self) -> None:
        """Measures for as long as it is not canceled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception:
                log.exception("measuring replicas failed")

    async def _look(self) -> None:
        there = {each.id: each for each in self._fleet.replicas if each.pid is not None}
        stirring = [each for each in there.values() if self._has_stirred(each)]
        if stirring:
            await asyncio.to_thread(self._measure, stirring)
        self._measured_runs = {name: each.wear.runs for name, each in there.items() if not each.assigned}
        await self._fleet.note()

    def _has_stirred(self, replica: Replica) -> bool:
        return (
            replica.state is not Readiness.READY or self._measured_runs.get(replica.id) != replica.wear.runs
        )

    def _measure(self, replicas: list[Replica]) -> None:
        for each in replicas:
            if each.pid is not None:
                self._machine.weigh(each.pid, each.wear, each.gpus)

"""Whether a GPU's memory came back after a process ended; one where it did not is set aside until it has."""

import asyncio
import logging
import time

from foretell.node.machine import Machine
from foretell.node.replica import Replica

PATIENCE_SECONDS = 10.0
LOOK_SECONDS = 0.2
LOOK_AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class Aside:
    """A node's. What cannot be measured, as on GPUs that were only declared, is believed."""

    def __init__(self, machine: Machine) -> None:
        self.gpus: set[int] = set()
        self._machine = machine
        self._waiting: set[asyncio.Task[None]] = set()

    async def prove(self, replica: Replica) -> None:
        """Returns when a process that has ended is seen to hold nothing more, or when its GPUs are set aside."""
        if not replica.gpus or not replica.wear.processes:
            return
        until_seconds = time.monotonic() + PATIENCE_SECONDS
        while held := await self._held(replica):
            if time.monotonic() > until_seconds:
                self._set_aside(replica, set(held))
                return
            await asyncio.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """Waits for nothing any more."""
        for each in self._waiting:
            each.cancel()

    def _set_aside(self, replica: Replica, gpus: set[int]) -> None:
        names = ", ".join(self._machine.room.gpus[each].name for each in sorted(gpus))
        log.error(
            "%s is set aside: memory that %s held did not come back after its process ended",
            names,
            replica.version.model,
        )
        self.gpus |= gpus
        task = asyncio.create_task(self._come_back(replica, gpus, names))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _come_back(self, replica: Replica, gpus: set[int], names: str) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            if not await self._held(replica):
                break
        self.gpus -= gpus
        log.info("%s is back: its memory is free", names)

    async def _held(self, replica: Replica) -> dict[int, int] | None:
        return await asyncio.to_thread(self._machine.held_mb, replica.wear.processes)

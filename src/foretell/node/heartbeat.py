"""How a node says that it lives, and learns which of its holds are gone."""

import asyncio
import logging
import time

from foretell.errors import Error
from foretell.node.machine import told
from foretell.node.runs import Runs
from foretell.node.surroundings import Surroundings
from foretell.prediction import Hold
from foretell.store import NodeState

log = logging.getLogger(__name__)


class Heartbeat:
    """Beats each `heartbeat_seconds`; a notice makes it look at once."""

    def __init__(self, name: str, node: str, surroundings: Surroundings, runs: Runs) -> None:
        """`name` stays the same over restarts, `node` is this incarnation."""
        self._state = NodeState(
            id=name, incarnation=node, hardware=told(surroundings.machine, surroundings.hardware)
        )
        self._surroundings = surroundings
        self._runs = runs
        self._unknown: set[Hold] = set()
        self._reached_seconds = time.monotonic()

    async def beat(self) -> None:
        """Says once that the node lives, and stops what it no longer holds."""
        before = self._runs.holds
        held = set(await self._surroundings.store.heartbeat(self._state))
        self._reached_seconds = time.monotonic()
        self._runs.keep_only(held, before)
        await self._release_unknown(held - before)

    async def serve(self) -> None:
        """Beats for as long as it is not canceled."""
        config = self._surroundings.config
        while True:
            await asyncio.sleep(config.heartbeat_seconds)
            try:
                async with asyncio.timeout(max(1.0, config.heartbeat_seconds)):
                    await self.beat()
            except Exception as error:  # noqa: BLE001 a node that fell silent would lose all it runs
                log.warning("the store did not hear that this node lives: %r", error)
                self._let_go()

    async def let_go(self) -> None:
        """Sends back what this node still holds at its end, as what was taken while it began to stop."""
        store = self._surroundings.store
        try:
            # Asked of the writer, who by then has done every take before it.
            for hold in await store.heartbeat(self._state):
                await store.release(hold)
        except Error as error:
            log.warning("what this node still holds could not be sent back: %s", error.message)

    async def listen(self) -> None:
        """Stops what was canceled, deleted or rescued as soon as that is told."""
        store = self._surroundings.store
        with store.notices.subscribe(f"moved:{self._state.incarnation}") as moved:
            while True:
                if not await moved.wait(60.0):
                    continue
                before = self._runs.holds
                try:
                    self._runs.keep_only(await store.held(self._state.incarnation), before)
                except Exception as error:  # noqa: BLE001 the next notice or beat says it again
                    log.warning("what this node still holds could not be read: %r", error)

    def _let_go(self) -> None:
        """Others may soon think this node dead and run its predictions; on SQLite there are no others."""
        config = self._surroundings.config
        silent_seconds = time.monotonic() - self._reached_seconds
        if config.database and silent_seconds >= config.lost_seconds / 2:
            self._runs.lose_all()

    async def _release_unknown(self, unknown: set[Hold]) -> None:
        """A hold that two beats in a row found here and nobody runs: its take or its end was interrupted."""
        unknown -= self._runs.holds
        for hold in unknown & self._unknown:
            await self._surroundings.store.release(hold)
        self._unknown = unknown

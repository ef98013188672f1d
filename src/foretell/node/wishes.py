"""What operators want of this node, and which models their authors want to be kept warm: read, and passed on."""

import asyncio
import logging
import time

from foretell.model import Version
from foretell.node.fleet import Fleet
from foretell.node.surroundings import Surroundings
from foretell.store import ORDERS

MODELS_SECONDS = 10.0
"""How long the list of models is trusted when no notice says that it changed."""

log = logging.getLogger(__name__)


class Wishes:
    """A node's. `node` is its incarnation."""

    def __init__(self, node: str, surroundings: Surroundings, fleet: Fleet) -> None:
        self._node = node
        self._surroundings = surroundings
        self._fleet = fleet
        self._kept: list[Version] = []
        self._good_until_seconds = 0.0

    async def look(self) -> None:
        """Reads them, and has them carried out."""
        store = self._surroundings.store
        if time.monotonic() >= self._good_until_seconds:
            self._good_until_seconds = time.monotonic() + MODELS_SECONDS
            self._kept = [each for each in await store.models() if _is_kept(each)]
        self._fleet.obey(await store.orders(self._node), self._kept)

    async def serve(self) -> None:
        """Looks whenever somebody wants something, and at every heartbeat, for as long as it is not canceled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_on(ORDERS))
            group.create_task(self._look_on("models"))

    async def _look_on(self, topic: str) -> None:
        with self._surroundings.store.notices.subscribe(topic) as notice:
            while True:
                if await notice.wait(self._surroundings.config.heartbeat_seconds) and topic == "models":
                    self._good_until_seconds = 0.0
                try:
                    await self.look()
                except Exception as error:  # noqa: BLE001 the next look says it again
                    log.warning("what is wanted of this node could not be read: %r", error)


def _is_kept(version: Version) -> bool:
    return version.manifest.limits.warm_min > 0 and version.offline_reason is None

"""Where tests of deliveries work: an account with a key, predictions that owe webhooks, and couriers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from foretell.account import Key, Role, key_digest, new_key
from foretell.config import Config
from foretell.loops import Courier
from foretell.loops.courier import POLL_SECONDS
from foretell.outbound import Outbound
from foretell.prediction import Prediction
from foretell.seal import Seal
from foretell.store import Store
from foretell.webhook import Delivery, DeliveryState
from samples import DONE, LANE, Clock, asking, new_prediction

SECRET = b"a secret of this server"
SECONDS = 20.0


class Office:
    """A store with the account `ann`, whose `raw_key` signs."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self.config = config
        self.store = store
        self.clock = clock
        self.seal = Seal(SECRET)
        self.outbound = Outbound(config)
        self.key_id, self.raw_key = new_key()

    async def open(self) -> None:
        self.account = await self.store.create_account("ann", Role.MEMBER)
        digest = key_digest(self.raw_key)
        key = Key(
            id=self.key_id,
            account_id=self.account.id,
            name="k",
            sha256=digest,
            last4="last",
            created_at=self.clock(),
        )
        await self.store.create_key(key)
        await self.store.seal_key(self.key_id, self.seal.seal(self.raw_key.encode()))

    async def close(self) -> None:
        await self.outbound.close()
        await self.store.close()

    async def ended(self, url: str, *events: str, **changes: Any) -> Prediction:
        """A prediction that was created, begun and has succeeded, and owes `url` those events."""
        webhook = replace(asking(*(events or ("completed",)), url=url), **changes.pop("webhook", {}))
        mine = {"account_id": self.account.id, "key_id": self.key_id, "webhook": webhook}
        new = new_prediction(**(mine | changes))
        await self.store.create(new)
        (taken,) = await self.store.take(LANE, node="node-1", count=1)
        assert taken.hold is not None
        await self.store.begin(taken.hold)
        self.clock.pass_seconds(1)
        found = await self.store.finish(taken.hold, DONE)
        assert found is not None
        return found

    def courier(self, **changes: Any) -> Courier:
        config = replace(self.config, **changes)
        return Courier(self.store, self.seal, self.outbound, config, clock=self.clock)

    @asynccontextmanager
    async def delivering(self, *couriers: Courier) -> AsyncIterator[None]:
        """Couriers at work, by default one, who are asked to stop at the end."""
        tasks = [asyncio.create_task(each.run()) for each in couriers or (self.courier(),)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(
        self, prediction: Prediction, state: DeliveryState, *, attempts: int | None = None
    ) -> list[Delivery]:
        """The prediction's deliveries, once all are in that state, after so many attempts."""
        return await until(lambda: self._settled(prediction, state, attempts))

    async def _settled(
        self, prediction: Prediction, state: DeliveryState, attempts: int | None
    ) -> list[Delivery] | None:
        found = await self.store.deliveries(prediction.id)
        done = all(each.state is state and attempts in {None, each.attempts} for each in found)
        return found if done else None


async def until(find: Any) -> Any:
    """What `find` finds, as soon as it is something."""
    async with asyncio.timeout(SECONDS):
        while not (found := await find()):  # noqa: ASYNC110 what it finds may be written by another process
            await asyncio.sleep(POLL_SECONDS / 50)
    return found

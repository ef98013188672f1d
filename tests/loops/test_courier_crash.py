"""Several couriers on one store, and killed ones: nothing is lost, and nothing is sent twice at once."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from foretell.config import Config
from foretell.prediction import Prediction
from foretell.store import open_store
from foretell.store.webhooks import LEASE_SECONDS
from foretell.webhook import DeliveryState
from loops.offices import Office
from samples import Clock
from strangers import Received, Stranger, answers

pytestmark = pytest.mark.anyio
PROCESS = str(Path(__file__).with_name("courier_process.py"))
DELIVERED = DeliveryState.DELIVERED


async def test_two_couriers_never_send_one_delivery_twice_at_once(office: Office) -> None:
    async with Stranger(answers(200, seconds=0.01)) as stranger:
        owed: list[Prediction] = [await office.ended(stranger.url, "started", "completed") for _ in range(30)]
        async with office.delivering(office.courier(), office.courier()):
            for each in owed:
                await office.settled(each, DELIVERED)
    ids = [each.headers["webhook-id"] for each in stranger.received]
    assert len(ids) == len(set(ids)) == 60


@pytest.mark.needs("postgres")
async def test_couriers_of_two_servers_share_the_work(on_postgres: Config) -> None:
    clock = Clock()
    first = Office(on_postgres, await open_store(on_postgres, clock=clock), clock)
    await first.open()
    second = Office(on_postgres, await open_store(on_postgres, clock=clock), clock)
    async with Stranger(answers(200, seconds=0.01)) as stranger:
        owed = [await first.ended(stranger.url) for _ in range(40)]
        async with first.delivering(first.courier(), second.courier()):
            for each in owed:
                await first.settled(each, DELIVERED)
    await second.close()
    await first.close()
    ids = [each.headers["webhook-id"] for each in stranger.received]
    assert len(ids) == len(set(ids)) == 40


async def test_a_courier_killed_in_mid_delivery_loses_nothing(config: Config) -> None:
    clock = Clock()
    office = Office(config, await open_store(config, clock=clock), clock)
    await office.open()
    killed_in_time = asyncio.Event()

    async def behave(request: Received, writer: asyncio.StreamWriter) -> None:
        if not killed_in_time.is_set():
            await killed_in_time.wait()
            return
        await answers(200)(request, writer)

    async with Stranger(behave) as stranger:
        prediction = await office.ended(stranger.url)
        await office.close()
        named = (PROCESS, config.data, config.database, str(clock.now))
        courier = await asyncio.create_subprocess_exec(sys.executable, *named)
        await stranger.heard(1)
        courier.kill()
        await courier.wait()
        killed_in_time.set()

        again = await _reopened(office, config, clock)
        (delivery,) = await again.store.deliveries(prediction.id)
        assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
        assert delivery.body == stranger.received[0].body
        async with again.delivering():
            clock.pass_seconds(LEASE_SECONDS)
            await again.settled(prediction, DELIVERED)
        first, second = stranger.received
        await again.close()
    assert first.body == second.body
    for name in ("webhook-id", "x-skytells-signature", "x-foretell-attempt"):
        assert first.headers[name] == second.headers[name]


async def test_a_delivery_that_another_courier_has_is_left_alone_until_its_lease_ends(
    office: Office,
) -> None:
    async with Stranger(answers(200)) as stranger:
        prediction = await office.ended(stranger.url)
        assert len(await office.store.due(holder="another", limit=10)) == 1
        await office.courier().step()
        assert stranger.received == []
        office.clock.pass_seconds(LEASE_SECONDS)
        async with office.delivering():
            await office.settled(prediction, DELIVERED)


async def _reopened(office: Office, config: Config, clock: Clock) -> Office:
    found = Office(replace(config), await open_store(config, clock=clock), clock)
    found.account, found.key_id, found.raw_key = office.account, office.key_id, office.raw_key
    return found

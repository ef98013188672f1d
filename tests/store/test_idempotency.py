"""Idempotency keys in the store: bound with the insert, shared within a group, and forgotten after their day."""

import asyncio

import pytest

from databases import Direct
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.store import Claim, Store, open_store
from foretell.store.idempotency import KEPT_SECONDS
from samples import Clock, new_prediction

pytestmark = pytest.mark.anyio
CLAIM = Claim("ann", "/v1/predictions", "order-1", 0, "this body")


async def test_creates_of_one_group_under_one_key_write_one_prediction(store: Store, direct: Direct) -> None:
    found = await asyncio.gather(*(store.create_within(new_prediction(), None, CLAIM) for _ in range(50)))
    assert len({each.prediction.id for each in found}) == 1
    assert sum(not each.is_replay for each in found) == 1
    assert (
        direct("SELECT COUNT(*) FROM predictions")
        == direct("SELECT COUNT(*) FROM idempotency_keys")
        == [(1,)]
    )


@pytest.mark.needs("postgres")
async def test_two_processes_that_bind_a_key_at_once_write_one_prediction(postgres: Config) -> None:
    one, other = await open_store(postgres), await open_store(postgres)
    for number in range(20):
        claim = Claim("ann", "/v1/predictions", f"order-{number}", 0, "this body")
        found = await asyncio.gather(
            *(each.create_within(new_prediction(), None, claim) for each in (one, other) for _ in range(3))
        )
        assert len({each.prediction.id for each in found}) == 1
    assert (await one.list_predictions(account_id=None))[1] == 20
    await one.close()
    await other.close()


async def test_a_create_without_a_key_asks_nothing_about_keys(store: Store, direct: Direct) -> None:
    await store.create(new_prediction())
    assert direct("SELECT COUNT(*) FROM idempotency_keys") == [(0,)]


async def test_a_key_is_free_again_after_its_day_and_not_before(store: Store, clock: Clock) -> None:
    first = await store.create_within(new_prediction(), None, CLAIM)
    clock.pass_seconds(KEPT_SECONDS - 1)
    assert await store.forget_idempotency_keys() == 0
    assert (await store.create_within(new_prediction(), None, CLAIM)).prediction.id == first.prediction.id
    clock.pass_seconds(2)
    assert await store.forget_idempotency_keys() == 1
    assert await store.replayed(CLAIM) is None
    second = await store.create_within(new_prediction(), None, CLAIM)
    assert not second.is_replay
    assert second.prediction.id != first.prediction.id


async def test_a_create_that_finds_no_room_leaves_its_key_free(store: Store) -> None:
    store._queued_max = 0
    with pytest.raises(Error) as refused:
        await store.create_within(new_prediction(), None, CLAIM)
    assert refused.value.code is Code.OVERLOADED
    assert await store.replayed(CLAIM) is None

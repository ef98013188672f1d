"""Charges: what is held, what is charged and when, one thing at a time."""

import asyncio
from decimal import Decimal

import pytest

from databases import Direct
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.ledger import Caps
from foretell.prediction import Failure, Hold, Outcome, Status, Used
from foretell.pricing import Pricing
from foretell.store import Store, open_store
from samples import LANE, Clock, new_prediction

pytestmark = pytest.mark.anyio
BY_PIECE = Pricing(amount=Decimal(1), unit="image")
BY_TIME = Pricing(amount=Decimal(1), unit="computing_second")


async def begun(store: Store, pricing: Pricing = BY_PIECE, held: int = 10) -> Hold:
    made = await store.create(new_prediction(pricing=pricing, hold_nanocredits=held))
    (taken,) = await store.take(LANE, node="n1", count=1)
    assert (taken.id, taken.hold is not None) == (made.id, True)
    hold = Hold(taken.id, "n1", taken.attempt)
    assert await store.begin(hold)
    return hold


async def books(store: Store) -> tuple[int, int, int]:
    found = await store.balance("ann")
    return found.available, found.held, found.spent


def success(cost: int) -> Outcome:
    return Outcome(status=Status.SUCCEEDED, result="done", cost_nanocredits=cost)


async def test_what_cannot_be_estimated_needs_something_to_spend_all_the_same(store: Store) -> None:
    await store.grant("ann", 5)
    await store.finish(await begun(store, held=0), success(5))
    with pytest.raises(Error) as refused:
        await store.create(new_prediction(pricing=BY_PIECE, hold_nanocredits=0))
    assert refused.value.code is Code.INSUFFICIENT_CREDITS


async def test_a_failure_is_free_whatever_it_says(store: Store) -> None:
    outcome = Outcome(status=Status.FAILED, failure=Failure("raised", "No."), cost_nanocredits=7)
    ended = await store.finish(await begun(store), outcome)
    assert ended is not None
    assert ended.cost_nanocredits == 0
    assert await books(store) == (0, 0, 0)


async def test_a_run_that_costs_more_than_it_held_takes_what_is_there_and_no_more(store: Store) -> None:
    await store.grant("ann", 15)
    ended = await store.finish(await begun(store, held=10), success(40))
    assert ended is not None
    assert ended.cost_nanocredits == 15
    assert await books(store) == (0, 0, 15)


async def test_a_run_that_costs_more_than_it_held_stays_within_its_keys_cap(store: Store) -> None:
    await store.cap("key-of-ann", Caps(month_max=12))
    await store.finish(await begun(store, held=10), success(40))
    assert await books(store) == (-12, 0, 12)


async def test_without_budget_and_cap_a_run_is_charged_what_it_cost(store: Store) -> None:
    await store.finish(await begun(store, held=10), success(40))
    assert await books(store) == (-40, 0, 40)


async def test_a_late_attempt_charges_nothing(store: Store, direct: Direct) -> None:
    late = await begun(store)
    await store.release(late, lost=True)
    (taken,) = await store.take(LANE, node="n2", count=1)
    assert await store.finish(late, success(9)) is None
    assert direct("SELECT charged FROM charges") == [(None,)]
    assert taken.hold is not None
    await store.begin(taken.hold)
    await store.finish(taken.hold, success(4))
    assert direct("SELECT charged FROM charges") == [(4,)]


async def test_a_canceled_run_priced_by_time_is_charged_when_it_has_stopped_and_once(store: Store) -> None:
    hold = await begun(store, BY_TIME)
    await store.cancel(hold.prediction_id, account_id=None)
    assert await books(store) == (-10, 10, 0)
    for seconds in (3, 8):
        used = Used({"predict_time": float(seconds)}, seconds)
        await store.stopped(hold.prediction_id, attempt=1, stage="killed", seconds=1.0, used=used)
    assert await books(store) == (-3, 0, 3)
    found = await store.get(hold.prediction_id)
    assert found is not None
    assert found.cost_nanocredits == 3


async def test_what_a_deleted_run_had_used_is_charged(store: Store) -> None:
    hold = await begun(store, BY_TIME)
    await store.delete(hold.prediction_id, account_id=None)
    used = Used({"predict_time": 3.0}, 3)
    await store.stopped(hold.prediction_id, attempt=1, stage="killed", seconds=1.0, used=used)
    assert await books(store) == (-3, 0, 3)


async def test_a_canceled_run_of_which_nobody_says_what_it_used_is_free_after_a_while(
    store: Store, clock: Clock
) -> None:
    hold = await begun(store, BY_TIME)
    await store.cancel(hold.prediction_id, account_id=None)
    assert await store.settle_overdue() == 0
    clock.pass_seconds(601)
    assert await store.settle_overdue() == 1
    assert await books(store) == (0, 0, 0)


async def test_what_is_live_when_the_first_credits_come_is_held_of_them(store: Store) -> None:
    hold = await begun(store, held=10)
    assert (await store.grant("ann", 30)).available == 20
    await store.finish(hold, success(10))
    assert await books(store) == (20, 0, 10)


@pytest.mark.needs("postgres")
async def test_two_processes_that_hold_and_settle_for_many_accounts_keep_the_books(postgres: Config) -> None:
    stores = [await open_store(postgres), await open_store(postgres)]
    await asyncio.gather(*(stores[0].grant(f"account-{number}", 1_000) for number in range(5)))

    async def live(store: Store, number: int) -> None:
        new = new_prediction(
            account_id=f"account-{number % 5}", lane=f"l{number}", pricing=BY_PIECE, hold_nanocredits=10
        )
        await store.create(new)
        (taken,) = await store.take(f"l{number}", node="n1", count=1)
        assert taken.hold is not None
        await store.begin(taken.hold)
        assert await stores[number % 2].finish(taken.hold, success(number % 20)) is not None

    await asyncio.gather(
        *(live(store, 2 * number + one) for number in range(60) for one, store in enumerate(stores))
    )
    found = [await stores[0].balance(f"account-{number}") for number in range(5)]
    assert sum(each.spent for each in found) == sum(number % 20 for number in range(120))
    assert {each.held for each in found} == {0}
    for each in stores:
        await each.close()

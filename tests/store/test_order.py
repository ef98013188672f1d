"""Who is next: by priority, then fair among accounts, then by age."""

import asyncio
from dataclasses import replace

import pytest

from databases import Direct
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.prediction import Prediction, Status
from foretell.store import Store, open_store
from samples import DONE, LANE, Clock, new_prediction

pytestmark = pytest.mark.anyio


async def create(store: Store, count: int, **changes: object) -> list[Prediction]:
    return [await store.create(new_prediction(**changes)) for _ in range(count)]


async def drain(store: Store, *, count: int = 1, lane: str = LANE) -> list[Prediction]:
    found: list[Prediction] = []
    while taken := await store.take(lane, node="n1", count=count):
        found += taken
    return found


async def test_one_accounts_rows_are_taken_in_the_order_they_came(store: Store) -> None:
    rows = await create(store, 5)
    taken = await store.take(LANE, node="n1", count=3)
    assert [each.id for each in taken] == [each.id for each in rows[:3]]
    assert [each.id for each in await store.take(LANE, node="n2", count=16)] == [each.id for each in rows[3:]]


async def test_a_taken_row_comes_with_its_hold_and_its_body(store: Store) -> None:
    [row] = await create(store, 1, input={"text": "hello", "deep": [1, {"a": None}]})
    [taken] = await store.take(LANE, node="n1", count=1)
    assert (taken.id, taken.node, taken.attempt, taken.status) == (row.id, "n1", 1, Status.STARTING)
    assert taken.input == {"text": "hello", "deep": [1, {"a": None}]}
    assert taken.held_at is not None


async def test_a_higher_priority_goes_first(store: Store) -> None:
    [low] = await create(store, 1)
    [high] = await create(store, 1, priority=5)
    assert [each.id for each in await drain(store)] == [high.id, low.id]


async def test_a_lane_gives_only_its_own_rows(store: Store) -> None:
    await create(store, 1)
    [other] = await create(store, 1, lane="other:any", version_id="other")
    assert [each.id for each in await store.take("other:any", node="n1", count=16)] == [other.id]
    assert await store.take("unheard:any", node="n1", count=16) == []


async def test_a_row_is_given_to_one_taker_only(store: Store) -> None:
    rows = await create(store, 40)
    taken = await asyncio.gather(*[store.take(LANE, node=f"n{each % 4}", count=3) for each in range(20)])
    ids = [each.id for some in taken for each in some]
    assert sorted(ids) == sorted(each.id for each in rows)


@pytest.mark.needs("postgres")
async def test_two_stores_never_take_the_same_row(postgres: Config) -> None:
    one, two = await open_store(postgres), await open_store(postgres)
    rows = await create(one, 60)
    takers = [each.take(LANE, node="n", count=2) for _ in range(20) for each in (one, two)]
    ids = [each.id for some in await asyncio.gather(*takers) for each in some]
    assert sorted(ids) == sorted(each.id for each in rows)
    await one.close()
    await two.close()


async def test_an_account_that_brings_many_does_not_delay_one_that_brings_few(store: Store) -> None:
    await create(store, 20, account_id="many")
    await store.take(LANE, node="n1", count=5)
    few = await create(store, 2, account_id="few")
    order = [each.account_id for each in await drain(store)]
    assert order.index("few") <= 1
    assert [place for place, account in enumerate(order) if account == "few"][-1] <= 4
    assert len(order) == 15 + len(few)


async def test_accounts_that_bring_many_at_once_take_turns(store: Store) -> None:
    for account in ("ann", "ben", "cat"):
        await asyncio.gather(*[store.create(new_prediction(account_id=account)) for _ in range(6)])
    order = [each.account_id for each in await drain(store, count=3)]
    for start in range(0, 18, 3):
        assert sorted(order[start : start + 3]) == ["ann", "ben", "cat"]


async def test_an_account_that_was_away_has_no_credit(store: Store) -> None:
    await create(store, 10, account_id="steady")
    await drain(store)
    await create(store, 4, account_id="steady")
    await create(store, 4, account_id="late")
    order = [each.account_id for each in await drain(store)]
    assert order[:4].count("late") == 2


async def test_an_urgent_row_of_a_busy_account_does_not_delay_newcomers(store: Store) -> None:
    await create(store, 30, account_id="busy")
    await create(store, 30, account_id="busy", priority=5)
    await store.take(LANE, node="n1", count=30)
    await create(store, 1, account_id="new")
    order = [each.account_id for each in await drain(store)]
    assert order.index("new") <= 1


async def test_a_row_that_may_not_run_yet_is_passed_over(store: Store, direct: Direct, clock: Clock) -> None:
    early, late = await create(store, 2)
    direct("UPDATE predictions SET run_after_at = ? WHERE id = ?", clock.now + 60_000_000, early.id)
    assert [each.id for each in await drain(store)] == [late.id]
    clock.pass_seconds(61)
    assert [each.id for each in await drain(store)] == [early.id]


async def test_the_lanes_say_who_waits_and_since_when(store: Store) -> None:
    rows = await create(store, 3)
    await create(store, 1, lane="other:any", version_id="other", priority=3)
    await store.take(LANE, node="n1", count=1)
    states = {each.lane: each for each in await store.waiting()}
    assert {lane: (each.version_id, each.waiting) for lane, each in states.items()} == {
        LANE: ("echo-1", 2),
        "other:any": ("other", 1),
    }
    assert states[LANE].oldest_at == rows[1].created_at
    await drain(store)
    assert [each.lane for each in await store.waiting()] == ["other:any"]


async def test_a_waiting_row_knows_its_place_in_line(store: Store) -> None:
    first, second = await create(store, 2)
    [urgent] = await create(store, 1, priority=1)
    assert [await store.position(each.id) for each in (urgent, first, second)] == [1, 2, 3]
    await store.take(LANE, node="n1", count=1)
    assert [await store.position(each.id) for each in (urgent, first, second)] == [None, 1, 2]
    assert await store.position("nobody") is None


async def test_a_released_row_keeps_its_place(store: Store) -> None:
    first, second = await create(store, 2)
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.release(taken.hold)
    assert [each.id for each in await drain(store)] == [first.id, second.id]


async def test_creates_beyond_the_limit_are_refused_and_the_others_are_not(database: Config) -> None:
    store = await open_store(replace(database, queued_max=3))
    answers = await asyncio.gather(
        *[store.create(new_prediction()) for _ in range(5)], return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, Error)]
    assert [each.code for each in refused] == [Code.OVERLOADED] * 2
    assert refused[0].retry_after_seconds is not None
    [taken] = await store.take(LANE, node="n1", count=1)
    assert (await store.create(new_prediction())).status is Status.STARTING
    assert taken.hold is not None
    await store.begin(taken.hold)
    await store.finish(taken.hold, DONE)
    await store.close()

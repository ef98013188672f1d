"""What a run says is heard at once by who follows, and is in the table a moment later."""

import asyncio

import pytest
from msgspec.structs import replace

from databases import Direct
from foretell.event import Event
from foretell.prediction import Hold
from foretell.store import Store
from samples import DONE, LANE, new_prediction, said

pytestmark = pytest.mark.anyio


async def begun(store: Store) -> Hold:
    await store.create(new_prediction())
    return await again(store)


async def again(store: Store) -> Hold:
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    return taken.hold


async def stored(store: Store, direct: Direct, hold: Hold, count: int) -> list[Event]:
    with store.notices.subscribe(f"prediction:{hold.prediction_id}") as told:
        async with asyncio.timeout(10):
            while direct("SELECT COALESCE(SUM(last_sequence - sequence + 1), 0) FROM events") != [(count,)]:
                await told.wait(0.5)
    return await store.events(hold.prediction_id)


async def test_a_follower_hears_what_is_said_in_order_and_at_once(store: Store) -> None:
    hold = await begun(store)
    events = said(hold, *"abcde")
    with store.follow(hold.prediction_id) as follower:
        for each in events:
            store.say(each)
        heard = []
        async for each in follower:
            heard.append(each)
            if len(heard) == 5:
                break
    assert heard == events


async def test_two_followers_hear_the_same_and_strangers_nothing(store: Store) -> None:
    hold = await begun(store)
    [event] = said(hold, "a")
    with (
        store.follow(hold.prediction_id) as one,
        store.follow(hold.prediction_id) as two,
        store.follow("other") as other,
    ):
        store.say(event)
        assert [await anext(aiter(each)) for each in (one, two)] == [event, event]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(aiter(other))


async def test_what_was_said_is_written_in_one_row_and_read_back_one_by_one(
    store: Store, direct: Direct
) -> None:
    hold = await begun(store)
    events = said(hold, *"abcdefgh")
    for each in events:
        store.say(each)
    assert await stored(store, direct, hold, 8) == events
    assert direct("SELECT COUNT(*) FROM events") == [(1,)]
    assert await store.events(hold.prediction_id, after=3, limit=2) == events[3:5]
    assert await store.events(hold.prediction_id, after=8) == []


async def test_what_was_said_can_be_read_before_it_is_written(store: Store) -> None:
    hold = await begun(store)
    events = said(hold, *"abc")
    for each in events:
        store.say(each)
        assert await store.events(hold.prediction_id) == events[: each.sequence]
        assert await store.events(hold.prediction_id, attempt=hold.attempt, after=each.sequence - 1) == [each]


async def test_a_finish_comes_after_everything_that_was_said(store: Store, direct: Direct) -> None:
    hold = await begun(store)
    events = said(hold, *"abc")
    for each in events:
        store.say(each)
    assert await store.finish(hold, DONE) is not None
    assert direct("SELECT COUNT(*) FROM events") == [(1,)]
    assert await store.events(hold.prediction_id) == events


async def test_a_lost_attempt_says_nothing_more(store: Store, direct: Direct) -> None:
    lost = await begun(store)
    await store.append(lost, said(lost, "first"))
    await store.release(lost)
    hold = await again(store)
    for each in [*said(lost, "late", first=2), *said(hold, "second")]:
        store.say(each)
    await store.finish(hold, DONE)
    assert await store.events(hold.prediction_id) == said(hold, "second")
    assert await store.events(hold.prediction_id, attempt=1) == said(lost, "first")


async def test_an_append_that_is_repeated_counts_once(store: Store) -> None:
    hold = await begun(store)
    events = said(hold, "a", "b")
    assert [await store.append(hold, events), await store.append(hold, events)] == [True, True]
    assert await store.events(hold.prediction_id) == events


async def test_many_appends_at_once_keep_their_order(store: Store) -> None:
    hold = await begun(store)
    events = said(hold, *[str(each) for each in range(50)])
    assert all(await asyncio.gather(*[store.append(hold, [each]) for each in events]))
    assert await store.events(hold.prediction_id) == events


async def test_a_follower_that_does_not_read_goes_back_to_the_table(store: Store) -> None:
    hold = await begun(store)
    large = "x" * 10_000
    events = said(hold, *[f"{each} {large}" for each in range(40)])
    with store.follow(hold.prediction_id) as follower:
        for each in events:
            store.say(each)
        assert [each async for each in follower] == []
        assert follower.lagged
    assert await store.events(hold.prediction_id) == events


async def test_a_closing_store_writes_what_was_said(store: Store, direct: Direct) -> None:
    hold = await begun(store)
    store.say(*said(hold, *"abc"))
    await store.close()
    assert direct("SELECT sequence, last_sequence FROM events") == [(1, 3)]


async def test_an_event_of_another_kind_of_attempt_is_not_mixed_in(store: Store) -> None:
    hold = await begun(store)
    store.say(said(hold, "mine")[0])
    store.say(replace(said(hold, "other")[0], attempt=7))
    await store.finish(hold, DONE)
    assert await store.events(hold.prediction_id) == said(hold, "mine")

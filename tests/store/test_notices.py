"""Who waits is woken: in this process, and across processes on Postgres."""

import asyncio

import pytest

from databases import Direct, direct_to
from foretell.config import Config
from foretell.prediction import Phase, Prediction, Status
from foretell.store import Store, open_store
from foretell.store.neighbours import LISTENING
from samples import DONE, LANE, new_prediction, said

pytestmark = pytest.mark.anyio


async def test_every_change_of_a_prediction_is_told(store: Store) -> None:
    row = await store.create(new_prediction())
    with store.notices.subscribe(f"prediction:{row.id}") as told:
        [taken] = await store.take(LANE, node="n1", count=1)
        hold = taken.hold
        assert hold is not None
        for change in (
            store.begin(hold),
            store.note(hold, phase=Phase.RUNNING, progress=5.0),
            store.append(hold, said(hold, "a")),
            store.release(hold),
            store.cancel(row.id, account_id=None),
            store.delete(row.id, account_id=None),
        ):
            await change
            assert await told.wait(5)


async def test_what_a_run_here_has_said_is_no_news_here_once_it_is_written(
    store: Store, direct: Direct
) -> None:
    await store.create(new_prediction())
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    with store.notices.subscribe(f"prediction:{taken.id}") as told:
        store.say(*said(taken.hold, "a", "b"))
        async with asyncio.timeout(10):
            while not direct("SELECT 1 FROM events"):
                assert not await told.wait(0.05)
        await store.note(taken.hold, phase=Phase.RUNNING, progress=5.0)
        assert await told.wait(5)


async def test_a_begin_is_told_with_its_row(store: Store) -> None:
    await store.create(new_prediction())
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    heard: list[Prediction | None] = []
    with store.moves(taken.id, heard.append):
        await store.begin(taken.hold)
        await store.cancel(taken.id, account_id=None)
    rows = [each for each in heard if each is not None]
    assert [each.status for each in rows] == [Status.PROCESSING, Status.CANCELED]
    assert rows[0].started_at is not None


async def test_who_waits_hears_of_a_move_whose_notice_was_lost(store: Store, direct: Direct) -> None:
    row = await store.create(new_prediction())
    waiting = asyncio.create_task(store.await_terminal(row.id, 20.0))
    with store.moves(row.id) as told:
        # The first look of those who wait for longer finds what it did not know.
        assert await told.wait(10)
        direct("UPDATE predictions SET progress = 12 WHERE id = ?", row.id)
        assert await told.wait(10)
        direct(
            "UPDATE predictions SET status = 'canceled', completed_at = ? WHERE id = ?",
            row.created_at,
            row.id,
        )
        assert await told.wait(10)
        found = await waiting
        assert found is not None and found.status is Status.CANCELED


async def test_happenings_count_once_and_silence_is_no(store: Store) -> None:
    with store.notices.subscribe("waiting") as told:
        await asyncio.gather(*[store.create(new_prediction()) for _ in range(5)])
        assert await told.wait(5)
        assert not await told.wait(0.05)


async def test_what_happened_before_or_after_the_subscription_is_not_told(store: Store) -> None:
    await store.create(new_prediction())
    with store.notices.subscribe("waiting") as told:
        assert not await told.wait(0.05)
    await store.create(new_prediction())
    assert not await told.wait(0.05)


async def test_a_waiter_gets_the_ended_prediction(store: Store) -> None:
    row = await store.create(new_prediction())
    waiter = asyncio.create_task(store.await_terminal(row.id, 10))
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    ended = await store.finish(taken.hold, DONE)
    assert ended is not None
    assert await waiter == ended


async def test_a_waiter_that_comes_late_or_leaves_early_gets_it_as_it_is(store: Store) -> None:
    row = await store.create(new_prediction())
    early = await store.await_terminal(row.id, 0.05)
    assert early is not None
    assert early.status is Status.STARTING
    canceled = await store.cancel(row.id, account_id=None)
    assert await store.await_terminal(row.id, 10) == canceled
    assert await store.await_terminal("nobody", 10) is None


@pytest.mark.needs("postgres")
async def test_another_process_is_told(postgres: Config) -> None:
    api, node = await open_store(postgres), await open_store(postgres)
    with node.notices.subscribe("waiting") as waiting:
        row = await api.create(new_prediction())
        assert await waiting.wait(10)
    waiter = asyncio.create_task(api.await_terminal(row.id, 10))
    with node.notices.subscribe("moved:n1") as moved, api.notices.subscribe(f"prediction:{row.id}") as told:
        [taken] = await node.take(LANE, node="n1", count=1)
        assert taken.hold is not None
        await node.begin(taken.hold)
        assert await told.wait(10)
        canceled = await api.cancel(row.id, account_id=None)
        assert await moved.wait(10)
    assert await waiter == canceled
    await api.close()
    await node.close()


@pytest.mark.needs("postgres")
async def test_more_notices_than_one_message_holds_all_arrive(postgres: Config) -> None:
    api, node = await open_store(postgres), await open_store(postgres)
    rows: list[Prediction] = await asyncio.gather(*[api.create(new_prediction()) for _ in range(256)])
    waiters = [asyncio.create_task(node.await_terminal(each.id, 30)) for each in rows]
    await asyncio.gather(*[api.cancel(each.id, account_id=None) for each in rows])
    ended = await asyncio.gather(*waiters)
    assert {each.status for each in ended if each is not None} == {Status.CANCELED}
    await api.close()
    await node.close()


@pytest.mark.needs("postgres")
async def test_a_listener_that_was_cut_off_comes_back_and_wakes_everybody(postgres: Config) -> None:
    store = await open_store(postgres)
    with store.notices.subscribe("anything") as told, direct_to(postgres) as direct:
        await told.wait(10)
        direct(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE pid IN (SELECT pid FROM pg_locks WHERE objid = {LISTENING}) AND datname = current_database()"
        )
        assert await told.wait(10)
    await store.close()

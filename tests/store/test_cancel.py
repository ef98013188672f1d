"""A cancel ends what is live, whoever holds it, for whom it belongs to."""

import asyncio

import pytest

from foretell.prediction import Prediction, Status
from foretell.store import Store
from samples import DONE, LANE, new_prediction

pytestmark = pytest.mark.anyio


async def test_a_waiting_row_is_canceled_and_no_longer_waits(store: Store) -> None:
    row = await store.create(new_prediction())
    canceled = await store.cancel(row.id, account_id="ann")
    assert canceled is not None
    assert (canceled.status, canceled.metadata) == (Status.CANCELED, {"canceled_by": "caller"})
    assert canceled.completed_at is not None
    assert await store.waiting() == []
    assert await store.take(LANE, node="n1", count=1) == []


@pytest.mark.parametrize("begun", [False, True])
async def test_a_held_row_is_canceled_and_its_node_is_told(store: Store, begun: bool) -> None:
    row = await store.create(new_prediction())
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    if begun:
        await store.begin(taken.hold)
    with store.notices.subscribe("moved:n1") as told:
        canceled = await store.cancel(row.id, account_id="ann")
        assert await told.wait(5)
    assert canceled is not None
    assert (canceled.status, canceled.node, canceled.attempt) == (Status.CANCELED, None, 1)
    assert await store.held("n1") == []


async def test_what_has_ended_stays_as_it_ended(store: Store) -> None:
    row = await store.create(new_prediction())
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    ended = await store.finish(taken.hold, DONE)
    assert await store.cancel(row.id, account_id="ann") == ended


async def test_only_its_account_or_an_operator_may_cancel(store: Store) -> None:
    row = await store.create(new_prediction())
    assert await store.cancel(row.id, account_id="ben") is None
    assert await store.cancel("nobody", account_id=None) is None
    found = await store.get(row.id)
    assert found is not None
    assert found.status is Status.STARTING
    canceled = await store.cancel(row.id, account_id=None, canceled_by="deadline")
    assert canceled is not None
    assert canceled.metadata == {"canceled_by": "deadline"}


async def test_a_second_cancel_answers_like_the_first(store: Store) -> None:
    row = await store.create(new_prediction())
    answers: list[Prediction | None] = await asyncio.gather(
        *[store.cancel(row.id, account_id="ann") for _ in range(3)]
    )
    assert answers[0] is not None
    assert answers == [answers[0]] * 3


async def test_the_stage_that_stopped_the_run_is_written_beside_the_row(store: Store) -> None:
    row = await store.create(new_prediction())
    [taken] = await store.take(LANE, node="n1", count=1)
    await store.cancel(row.id, account_id="ann")
    await store.stopped(row.id, attempt=taken.attempt, stage="killed", seconds=4.5)
    found = await store.get(row.id)
    assert found is not None
    assert found.metadata == {"canceled_by": "caller", "stopped_by": "killed", "stop_seconds": 4.5}
    await store.stopped(row.id, attempt=9, stage="raised", seconds=1.0)
    assert await store.get(row.id) == found


async def test_of_a_cancel_and_a_finish_at_once_one_wins(store: Store) -> None:
    for _ in range(20):
        row = await store.create(new_prediction())
        [taken] = await store.take(LANE, node="n1", count=1)
        assert taken.hold is not None
        await store.begin(taken.hold)
        finished, canceled = await asyncio.gather(
            store.finish(taken.hold, DONE), store.cancel(row.id, account_id="ann")
        )
        assert canceled is not None
        assert canceled.status is (Status.CANCELED if finished is None else Status.SUCCEEDED)
        assert await store.get(row.id) == canceled

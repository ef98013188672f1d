"""Deadlines: what is live is canceled at its instant, what has not begun expires, whoever holds it."""

import time
from typing import Any

import pytest

from databases import Direct
from foretell.prediction import Phase, Prediction, Status
from foretell.store import Store
from samples import DONE, LANE, Clock, asking, new_prediction

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    """Deadlines are looked for near the present only."""
    found = Clock()
    found.now = time.time_ns() // 1_000
    return found


async def created(store: Store, **changes: Any) -> str:
    return (await store.create(new_prediction(**changes))).id


async def found(store: Store, prediction_id: str) -> Prediction:
    prediction = await store.get(prediction_id)
    assert prediction is not None
    return prediction


async def waiting(store: Store) -> int:
    return sum(each.waiting for each in await store.waiting())


@pytest.mark.parametrize("progress", ["waits", "is held", "runs"])
async def test_a_prediction_is_canceled_at_its_deadline_and_not_before(
    store: Store, clock: Clock, progress: str
) -> None:
    prediction_id = await created(store, cancel_after_seconds=5, webhook=asking("canceled"))
    if progress != "waits":
        (taken,) = await store.take(LANE, node="node-1", count=1)
        assert taken.hold is not None
        if progress == "runs":
            assert await store.begin(taken.hold)
    clock.pass_seconds(4.5)
    await store.end_overdue()
    assert not (await found(store, prediction_id)).status.is_terminal
    clock.pass_seconds(1)
    with store.notices.subscribe("moved:node-1") as moved:
        await store.end_overdue()
        assert await moved.wait(5) or progress == "waits"
    ended = await found(store, prediction_id)
    assert (ended.status, ended.metadata["canceled_by"]) == (Status.CANCELED, "deadline")
    assert [each.event for each in await store.deliveries(prediction_id)] == ["canceled"]
    assert await store.held("node-1") == []
    assert await waiting(store) == 0


async def test_what_has_ended_meets_no_deadline(store: Store, clock: Clock) -> None:
    prediction_id = await created(store, cancel_after_seconds=5, queue_seconds=3)
    (taken,) = await store.take(LANE, node="node-1", count=1)
    assert taken.hold is not None and await store.begin(taken.hold)
    await store.finish(taken.hold, DONE)
    clock.pass_seconds(10)
    await store.end_overdue()
    assert (await found(store, prediction_id)).status is Status.SUCCEEDED


@pytest.mark.parametrize("is_held", [False, True])
async def test_what_does_not_begin_in_time_fails_as_expired(
    store: Store, clock: Clock, is_held: bool
) -> None:
    late, early = await created(store, queue_seconds=50), await created(store)
    if is_held:
        assert len(await store.take(LANE, node="node-1", count=2)) == 2
    clock.pass_seconds(40)
    await store.end_overdue()
    assert (await found(store, late)).status is Status.STARTING
    clock.pass_seconds(11)
    await store.end_overdue()
    ended = await found(store, late)
    assert ended.status is Status.FAILED and ended.failure is not None
    assert (ended.failure.code, ended.failure.message) == (
        "expired",
        "The prediction did not begin within 50 seconds.",
    )
    assert (await found(store, early)).status is Status.STARTING
    assert await waiting(store) == (0 if is_held else 1)


async def test_what_has_begun_does_not_expire_and_its_run_is_no_time_in_the_queue(
    store: Store, clock: Clock
) -> None:
    prediction_id = await created(store, queue_seconds=10)
    clock.pass_seconds(4)
    (taken,) = await store.take(LANE, node="node-1", count=1)
    assert taken.hold is not None and await store.begin(taken.hold)
    clock.pass_seconds(20)
    await store.end_overdue()
    assert (await found(store, prediction_id)).status is Status.PROCESSING
    await store.release(taken.hold, lost=True)
    clock.pass_seconds(5)
    await store.end_overdue()
    again = await found(store, prediction_id)
    assert (again.status, again.phase) == (Status.STARTING, Phase.QUEUED)
    clock.pass_seconds(2)
    await store.end_overdue()
    assert (await found(store, prediction_id)).status is Status.FAILED


async def test_deadlines_cost_nothing_where_there_is_none(store: Store, direct: Direct) -> None:
    await created(store)
    assert direct("SELECT cancel_at, expire_at FROM predictions") == [(None, None)]
    assert await store.end_overdue() == 1.0


async def test_more_than_are_ended_at_once_are_ended_one_after_another(store: Store, clock: Clock) -> None:
    ids = [await created(store, cancel_after_seconds=1) for _ in range(130)]
    clock.pass_seconds(2)
    assert await store.end_overdue() == 0.0
    await store.end_overdue()
    assert {(await found(store, each)).status for each in ids} == {Status.CANCELED}

"""A hold that was lost writes nothing, whoever tries and whatever they write."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from databases import Direct
from foretell.file import File, Purpose
from foretell.prediction import Failure, Hold, Outcome, Phase, Prediction, Status, Steps
from foretell.store import Store
from samples import DONE, LANE, asking, new_prediction, said

pytestmark = pytest.mark.anyio

Loss = Callable[[Store, Hold], Awaitable[object]]
TABLES = ("predictions", "bodies", "events", "files", "deliveries", "lanes")


async def taken_by_another(store: Store, hold: Hold) -> None:
    await store.release(hold)
    [taken] = await store.take(LANE, node="n2", count=1)
    assert taken.hold is not None
    assert await store.begin(taken.hold)


async def taken_again(store: Store, hold: Hold) -> None:
    await store.release(hold)
    [taken] = await store.take(LANE, node=hold.node, count=1)
    assert taken.hold is not None
    assert await store.begin(taken.hold)


LOSSES: dict[str, Loss] = {
    "taken by another": taken_by_another,
    "taken again by the same node": taken_again,
    "canceled": lambda store, hold: store.cancel(hold.prediction_id, account_id="ann"),
    "finished": lambda store, hold: store.finish(hold, DONE),
    "released": lambda store, hold: store.release(hold),
    "lost": lambda store, hold: store.release(hold, lost=True),
    "rescued": lambda store, hold: store.rescue(but="n2"),
    "deleted": lambda store, hold: store.delete(hold.prediction_id, account_id="ann"),
}

LATE: dict[str, Loss] = {
    "begin": lambda store, hold: store.begin(hold),
    "note": lambda store, hold: store.note(hold, phase=Phase.RUNNING, progress=50.0),
    "append": lambda store, hold: store.append(hold, said(hold, "late")),
    "finish": lambda store, hold: store.finish(hold, DONE, files=[late_file(hold)]),
    "fail": lambda store, hold: store.finish(hold, replace(DONE, status=Status.FAILED)),
    "cancel": lambda store, hold: store.finish(hold, replace(DONE, status=Status.CANCELED)),
    "release": lambda store, hold: store.release(hold),
    "lose": lambda store, hold: store.release(hold, lost=True),
}


def late_file(hold: Hold) -> File:
    return File(
        id="late", account_id="ann", prediction_id=hold.prediction_id, purpose=Purpose.OUTPUT, name="late.txt",
        content_type="text/plain", size_bytes=4, sha256="00", created_at=1,
    )  # fmt: skip


async def held(store: Store, *, begun: bool = True) -> Hold:
    await store.create(new_prediction(webhook=asking("started", "completed", "failed", "canceled")))
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    if begun:
        assert await store.begin(taken.hold)
    return taken.hold


def everything(direct: Direct) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(direct(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


@pytest.mark.parametrize("loss", LOSSES)
async def test_whatever_a_lost_hold_writes_changes_nothing(store: Store, direct: Direct, loss: str) -> None:
    hold = await held(store)
    await LOSSES[loss](store, hold)
    before = everything(direct)
    for late in LATE.values():
        assert await late(store, hold) in (None, False)
    assert everything(direct) == before


async def test_the_right_attempt_of_another_node_is_no_hold(store: Store, direct: Direct) -> None:
    hold = await held(store)
    before = everything(direct)
    for late in LATE.values():
        assert await late(store, replace(hold, node="n2")) in (None, False)
    assert everything(direct) == before


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELED])
async def test_an_attempt_that_ends_twice_ends_as_it_did_first(store: Store, status: Status) -> None:
    hold = await held(store)
    ends: list[Prediction | None] = await asyncio.gather(
        store.finish(hold, replace(DONE, status=status)),
        store.finish(hold, Outcome(status=Status.SUCCEEDED, result="second")),
    )
    assert ends[0] is not None
    assert (ends[0].status, ends[1]) == (status, None)
    found = await store.get(hold.prediction_id)
    assert found is not None
    assert (found.status, found.result) == (status, "done")


async def test_success_needs_a_run_that_began(store: Store) -> None:
    hold = await held(store, begun=False)
    assert await store.finish(hold, DONE) is None
    failed = await store.finish(
        hold, Outcome(status=Status.FAILED, failure=Failure("setup_failed", "It did not load."))
    )
    assert failed is not None
    assert (failed.status, failed.started_at) == (Status.FAILED, None)
    assert failed.failure == Failure("setup_failed", "It did not load.")


async def test_a_run_begins_once(store: Store) -> None:
    hold = await held(store, begun=False)
    assert [await store.begin(hold), await store.begin(hold)] == [True, False]


async def test_attempts_grow_with_each_take(store: Store) -> None:
    hold = await held(store)
    for attempt in (2, 3, 4):
        await store.release(hold)
        [taken] = await store.take(LANE, node="n1", count=1)
        assert taken.hold is not None
        hold = taken.hold
        assert hold.attempt == attempt


async def test_progress_never_falls_and_stays_a_percentage(store: Store) -> None:
    hold = await held(store)
    seen = []
    for progress in (10.0, 40.0, 20.0, None, 400.0, -5.0):
        assert await store.note(hold, phase=Phase.RUNNING, progress=progress)
        found = await store.get(hold.prediction_id)
        assert found is not None
        seen.append(found.progress)
    assert seen == [10.0, 40.0, 40.0, 40.0, 100.0, 100.0]


async def test_the_steps_of_a_run_go_with_its_progress_and_never_fall(store: Store) -> None:
    hold = await held(store)
    seen = []
    for progress, steps in ((0.0, Steps(0, 4)), (25.0, Steps(1, 4)), (10.0, Steps(0, 9)), (30.0, None)):
        assert await store.note(hold, phase=Phase.RUNNING, progress=progress, steps=steps)
        found = await store.get(hold.prediction_id)
        assert found is not None
        seen.append((found.progress, found.steps))
    assert seen == [(0.0, Steps(0, 4)), (25.0, Steps(1, 4)), (25.0, Steps(1, 4)), (30.0, Steps(1, 4))]


async def test_a_finish_writes_all_there_is_to_know(store: Store) -> None:
    hold = await held(store)
    outcome = Outcome(
        status=Status.SUCCEEDED,
        result=["a", {"b": None}, 1.5, True, "true", ""],
        metrics={"predict_time": 0.25},
        metadata={"hardware": "cpu"},
        cost_nanocredits=7,
    )
    ended = await store.finish(hold, outcome, files=[late_file(hold)])
    assert ended == await store.get(hold.prediction_id)
    assert ended is not None
    assert (ended.result, ended.metrics, ended.metadata) == (
        outcome.result,
        outcome.metrics,
        outcome.metadata,
    )
    assert (ended.cost_nanocredits, ended.node, ended.phase) == (7, None, None)
    assert ended.completed_at is not None and ended.started_at is not None
    assert await store.files_of(hold.prediction_id) == [late_file(hold)]


@pytest.mark.parametrize("result", ["true", "1", "", True, False, 0, 1.5, None, [], {}, "null", "\u0000 😀"])
async def test_a_result_of_any_kind_comes_back_as_it_was(store: Store, result: object) -> None:
    hold = await held(store)
    await store.finish(hold, Outcome(status=Status.SUCCEEDED, result=result))
    found = await store.get(hold.prediction_id)
    assert found is not None
    assert found.result == result
    assert type(found.result) is type(result)


async def test_half_a_character_does_not_keep_a_run_from_ending(store: Store) -> None:
    hold = await held(store)
    await store.finish(hold, Outcome(status=Status.SUCCEEDED, result=["\ud83d\ude00", "cut \ud83d"]))
    found = await store.get(hold.prediction_id)
    assert found is not None
    assert found.result == ["😀", "cut \ufffd"]

"""Creates that find a place at once: who is held from the first, and who has to wait all the same."""

import asyncio

import pytest

from foretell.errors import Code, Error
from foretell.prediction import Hold, NewPrediction, Prediction, Status
from foretell.store import Store
from foretell.store.predictions import Finish
from samples import DONE, LANE, SECOND, Clock, asking, new_prediction

pytestmark = pytest.mark.anyio


class Node:
    """One that has a place for everything, and remembers what became of each."""

    node = "n1"
    is_running = has_begun = False

    def __init__(self, store: Store) -> None:
        self.started: list[Prediction] = []
        self.given_up = 0
        store.offer = self.offer

    def offer(self, new: NewPrediction) -> "Node":
        return self

    def start(self, prediction: Prediction) -> None:
        self.started.append(prediction)

    def give_up(self) -> None:
        self.given_up += 1

    def run(self, new: NewPrediction, *, may_land: bool) -> "asyncio.Future[Prediction] | None":
        """It runs nothing before it is written."""


async def test_who_finds_a_place_is_held_by_its_node_and_does_not_wait(store: Store) -> None:
    node = Node(store)
    made = await store.create(new_prediction())
    assert [each.id for each in node.started] == [made.id]
    found = await store.get(made.id)
    assert found is not None and found.hold == Hold(made.id, "n1", 1)
    assert found.held_at == found.created_at and found.status is Status.STARTING
    assert await store.waiting() == []
    assert await store.take(LANE, node="n2", count=1) == []


async def test_nobody_overtakes_those_who_wait_for_the_same(store: Store) -> None:
    first = await store.create(new_prediction())
    node = Node(store)
    second = await store.create(new_prediction())
    assert (node.started, node.given_up) == ([], 1)
    other = await store.create(new_prediction(lane="other:any"))
    assert [each.id for each in node.started] == [other.id]
    taken = await store.take(LANE, node="n2", count=5)
    assert [each.id for each in taken] == [first.id, second.id]


async def test_a_refused_create_lets_go_of_its_place(store: Store) -> None:
    node = Node(store)
    made = new_prediction()
    await store.create(made)
    with pytest.raises(Error) as refused:
        await store.create(made)
    assert refused.value.code is Code.CONFLICT
    assert (len(node.started), node.given_up) == (1, 1)


async def test_who_was_held_from_the_first_waits_again_when_it_is_released(store: Store) -> None:
    node = Node(store)
    made = await store.create(new_prediction())
    [held] = node.started
    assert held.hold is not None
    await store.release(held.hold)
    [taken] = await store.take(LANE, node="n2", count=1)
    assert (taken.id, taken.attempt) == (made.id, 2)


async def test_a_run_that_began_and_ended_since_is_written_with_both(store: Store, clock: Clock) -> None:
    node = Node(store)
    await store.create(new_prediction(webhook=asking("started", "processing", "completed")))
    [held] = node.started
    assert held.hold is not None
    clock.pass_seconds(2)
    ended = await store.finishing(Finish(held.hold, DONE, prediction=held, ran_seconds=0.5))
    assert ended is not None and ended.started_at is not None and ended.completed_at is not None
    assert ended.completed_at - ended.started_at == SECOND // 2
    assert ended == await store.get(held.id)
    events = [each.event.value for each in await store.deliveries(held.id)]
    assert sorted(events) == ["completed", "processing", "started"]


async def test_what_did_not_begin_cannot_have_succeeded(store: Store) -> None:
    node = Node(store)
    await store.create(new_prediction())
    [held] = node.started
    assert held.hold is not None
    assert await store.finish(held.hold, DONE) is None
    found = await store.get(held.id)
    assert found is not None and found.status is Status.STARTING


async def test_a_run_cannot_have_begun_before_it_was_held(store: Store) -> None:
    node = Node(store)
    await store.create(new_prediction())
    [held] = node.started
    assert held.hold is not None
    assert await store.begin(held.hold, ran_seconds=3_600)
    found = await store.get(held.id)
    assert found is not None and found.started_at == found.held_at


async def test_a_late_end_under_a_hold_that_is_gone_writes_nothing(store: Store) -> None:
    node = Node(store)
    await store.create(new_prediction())
    [held] = node.started
    assert held.hold is not None
    await store.cancel(held.id, account_id=None)
    late = Finish(held.hold, DONE, prediction=held, ran_seconds=0.1)
    assert await store.finishing(late) is None
    found = await store.get(held.id)
    assert found is not None and (found.status, found.result) == (Status.CANCELED, None)

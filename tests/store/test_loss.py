"""Nodes stop and vanish: what they held runs again, but not for ever."""

import dataclasses

import pytest
from msgspec.structs import replace

from foretell.file import File, Purpose
from foretell.prediction import LOSSES_MAX, Hold, Phase, Prediction, Status
from foretell.store import NodeState, Store
from foretell.store.nodes import Readiness, ReplicaState
from foretell.webhook import WebhookEvent
from samples import DONE, LANE, Clock, asking, new_prediction

pytestmark = pytest.mark.anyio


async def take(store: Store, node: str, *, begin: bool = True) -> Hold:
    [taken] = await store.take(LANE, node=node, count=1)
    assert taken.hold is not None
    if begin:
        assert await store.begin(taken.hold)
    return taken.hold


async def found(store: Store, prediction_id: str) -> Prediction:
    row = await store.get(prediction_id)
    assert row is not None
    return row


async def test_a_graceful_release_costs_nothing_however_often(store: Store) -> None:
    row = await store.create(new_prediction())
    for attempt in range(1, LOSSES_MAX + 3):
        released = await store.release(await take(store, "n1"))
        assert released is not None
        assert (released.status, released.node, released.losses) == (Status.STARTING, None, 0)
        assert (released.attempt, released.phase, released.started_at) == (attempt, Phase.QUEUED, None)
    assert await store.position(row.id) == 1


async def test_a_row_lost_too_often_fails_and_says_so_to_its_receiver(store: Store) -> None:
    row = await store.create(new_prediction(webhook=asking("failed")))
    for losses in range(1, LOSSES_MAX):
        released = await store.release(await take(store, "n1"), lost=True)
        assert released is not None
        assert (released.status, released.losses) == (Status.STARTING, losses)
    failed = await store.release(await take(store, "n1"), lost=True)
    assert failed is not None
    assert failed.failure is not None
    assert (failed.status, failed.losses, failed.failure.code) == (Status.FAILED, LOSSES_MAX, "worker_lost")
    assert [each.event for each in await store.deliveries(row.id)] == [WebhookEvent.FAILED]
    assert await store.waiting() == []


async def test_a_start_rescues_what_other_incarnations_held(store: Store) -> None:
    rows = [await store.create(new_prediction()) for _ in range(3)]
    await take(store, "old", begin=True)
    await take(store, "old", begin=False)
    mine = await take(store, "new")
    with store.notices.subscribe("moved:old") as moved, store.notices.subscribe("waiting") as waiting:
        assert await store.rescue(but="new") == 2
        assert await moved.wait(5)
        assert await waiting.wait(5)
    assert [(await found(store, each.id)).losses for each in rows] == [1, 1, 0]
    assert await store.held("old") == []
    assert await store.held("new") == [mine]
    assert [each.waiting for each in await store.waiting()] == [2]


async def test_a_rescue_of_many_is_whole(store: Store) -> None:
    for _ in range(300):
        await store.create(new_prediction())
    assert len(await store.take(LANE, node="old", count=300)) == 300
    assert await store.rescue(but="new") == 300
    assert [each.waiting for each in await store.waiting()] == [300]


async def test_a_third_rescue_fails_the_row(store: Store) -> None:
    row = await store.create(new_prediction())
    for node in ("one", "two", "three"):
        await take(store, node)
        assert await store.rescue(but="mine") == 1
    assert (await found(store, row.id)).status is Status.FAILED
    assert await store.rescue(but="mine") == 0


def output_of(prediction_id: str) -> File:
    return File(
        id="given", account_id="ann", prediction_id=prediction_id, purpose=Purpose.OUTPUT, name="one.txt",
        content_type="text/plain", size_bytes=4, sha256="00", created_at=1,
    )  # fmt: skip


async def test_with_its_files_a_run_that_is_over_is_written_to_be_storing_unless_its_hold_was_lost(
    store: Store,
) -> None:
    row = await store.create(new_prediction())
    hold = await take(store, "n1")
    given = output_of(row.id)
    assert await store.announce_files(hold, [given])
    assert (await found(store, row.id)).phase is Phase.RUNNING
    lost = Hold(hold.prediction_id, hold.node, hold.attempt + 1)
    assert not await store.announce_files(lost, [dataclasses.replace(given, id="late")], has_run=True)
    assert (await found(store, row.id)).phase is Phase.RUNNING
    assert await store.announce_files(hold, [given], has_run=True)
    assert (await found(store, row.id)).phase is Phase.STORING
    assert await store.files_of(row.id) == [given]


@pytest.mark.parametrize("way", ["release", "lose", "rescue", "cancel", "fail"])
async def test_an_attempt_that_did_not_end_well_leaves_no_files(store: Store, way: str) -> None:
    row = await store.create(new_prediction())
    hold = await take(store, "n1")
    given = output_of(row.id)
    assert await store.announce_files(hold, [given])
    assert await store.files_of(row.id) == [given]
    match way:
        case "release" | "lose":
            await store.release(hold, lost=way == "lose")
        case "rescue":
            await store.rescue(but="n2")
        case "cancel":
            await store.cancel(row.id, account_id=None)
        case "fail":
            await store.finish(hold, replace(DONE, status=Status.FAILED))
    assert await store.files_of(row.id) == []
    assert await store.orphans(10) == [given]


async def test_only_silent_nodes_lose_their_holds(store: Store, clock: Clock) -> None:
    await store.heartbeat(NodeState(id="a", incarnation="silent"))
    await store.heartbeat(NodeState(id="b", incarnation="lively"))
    rows = [await store.create(new_prediction()) for _ in range(2)]
    await take(store, "silent")
    lively = await take(store, "lively")
    for node in ("silent", "lively"):
        await store.replica(ReplicaState(id=node, version_id="v", node=node, state=Readiness.READY))
    last_words = {each.incarnation: each.seen_at for each in await store.nodes()}
    clock.pass_seconds(15)
    assert await store.heartbeat(NodeState(id="b", incarnation="lively")) == [lively]
    assert await store.rescue(silent={}) == 0
    assert await store.rescue(silent=last_words) == 1
    assert [(await found(store, each.id)).losses for each in rows] == [1, 0]
    assert [each.incarnation for each in await store.nodes()] == ["lively"]
    assert [each.node for each in await store.replicas()] == ["lively"]


async def test_a_restarted_node_loses_what_its_earlier_incarnation_held(store: Store, clock: Clock) -> None:
    await store.heartbeat(NodeState(id="a", incarnation="before"))
    await store.create(new_prediction())
    await take(store, "before")
    clock.pass_seconds(21)
    assert await store.heartbeat(NodeState(id="a", incarnation="after", hardware={"cpu": 2})) == []
    assert await store.rescue(silent={}) == 1
    [node] = await store.nodes()
    assert (node.incarnation, node.hardware) == ("after", {"cpu": 2})

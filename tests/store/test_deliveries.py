"""Each event that a webhook asked for is owed exactly once, and every attempt sends the same bytes."""

import asyncio

import pytest

from foretell.prediction import Hold, Subscription
from foretell.store import DeliveryAttempt, Store
from foretell.webhook import Delivery, DeliveryState, WebhookEvent
from samples import DONE, LANE, Clock, asking, new_prediction

pytestmark = pytest.mark.anyio

ALL = ("started", "processing", "completed", "failed", "canceled")
REFUSED = DeliveryAttempt(at=1, status=503, error=None, seconds=0.5)
ACCEPTED = DeliveryAttempt(at=2, status=200, error=None, seconds=0.25)


async def begun(store: Store, webhook: Subscription | None) -> Hold:
    await store.create(new_prediction(webhook=webhook))
    return await again(store)


async def again(store: Store) -> Hold:
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    assert await store.begin(taken.hold)
    return taken.hold


async def owed(store: Store, prediction_id: str) -> list[str]:
    return [str(each.event) for each in await store.deliveries(prediction_id)]


async def one_due(store: Store) -> Delivery:
    hold = await begun(store, asking("completed"))
    await store.finish(hold, DONE)
    [delivery] = await store.due(holder="courier", limit=10)
    return delivery


async def test_a_whole_life_owes_each_event_once_in_order(store: Store) -> None:
    hold = await begun(store, asking(*ALL))
    await store.release(hold)
    hold = await again(store)
    await store.finish(hold, DONE)
    await store.finish(hold, DONE)
    await store.cancel(hold.prediction_id, account_id="ann")
    assert await owed(store, hold.prediction_id) == ["started", "processing", "completed"]


async def test_what_begins_and_ends_in_one_instant_is_told_of_in_order(store: Store, clock: Clock) -> None:
    clock.step = 0
    for number in range(8):
        await store.create(new_prediction(id=f"quick-{number}", webhook=asking(*ALL)))
    for taken in await store.take(LANE, node="n1", count=8):
        assert taken.hold is not None and await store.begin(taken.hold)
        await store.finish(taken.hold, DONE)
        assert await owed(store, taken.id) == ["started", "processing", "completed"]


async def test_only_what_was_asked_for_is_owed(store: Store) -> None:
    quiet = await begun(store, None)
    await store.finish(quiet, DONE)
    hold = await begun(store, asking("processing", "failed"))
    await store.finish(hold, DONE)
    assert await owed(store, quiet.prediction_id) == []
    assert await owed(store, hold.prediction_id) == ["processing"]


async def test_a_row_canceled_while_it_waits_owes_only_that(store: Store) -> None:
    row = await store.create(new_prediction(webhook=asking(*ALL)))
    await store.cancel(row.id, account_id="ann")
    [delivery] = await store.deliveries(row.id)
    assert (delivery.event, delivery.account_id, delivery.key_id) == (
        WebhookEvent.CANCELED,
        "ann",
        "key-of-ann",
    )
    assert (delivery.state, delivery.attempts, delivery.body) == (DeliveryState.PENDING, 0, None)


async def test_the_courier_is_told_of_what_is_owed(store: Store) -> None:
    with store.notices.subscribe("deliveries") as told:
        await begun(store, asking("started"))
        assert await told.wait(5)
    assert await store.next_due_at() is not None


async def test_two_couriers_are_never_given_the_same_delivery(store: Store) -> None:
    for _ in range(20):
        hold = await begun(store, asking("started", "completed"))
        await store.finish(hold, DONE)
    given = await asyncio.gather(*[store.due(holder=f"c{each}", limit=7) for each in range(8)])
    ids = [each.id for some in given for each in some]
    assert len(ids) == len(set(ids)) == 40


async def test_what_a_courier_took_and_left_is_given_out_again_later(store: Store, clock: Clock) -> None:
    delivery = await one_due(store)
    assert await store.due(holder="other", limit=10) == []
    clock.pass_seconds(61)
    [again] = await store.due(holder="other", limit=10)
    assert again.id == delivery.id


@pytest.mark.parametrize("state", DeliveryState)
async def test_a_delivery_is_due_again_at_once_however_it_stands(store: Store, state: DeliveryState) -> None:
    delivery = await one_due(store)
    await store.attempted(delivery.id, REFUSED, state=state, pause_seconds=3_600)
    again = await store.resend(delivery.id, delivery.prediction_id)
    assert again is not None
    assert (again.state, again.attempts) == (DeliveryState.PENDING, 1)
    assert [each.id for each in await store.due(holder="courier", limit=10)] == [delivery.id]


async def test_a_delivery_that_a_courier_has_is_not_given_to_another_by_hand(store: Store) -> None:
    delivery = await one_due(store)
    assert await store.resend(delivery.id, delivery.prediction_id) is not None
    assert await store.due(holder="other", limit=10) == []
    assert await store.resend(delivery.id, "another prediction") is None
    assert await store.resend("unknown", delivery.prediction_id) is None


async def test_the_first_rendering_wins(store: Store) -> None:
    delivery = await one_due(store)
    assert await store.rendered(delivery.id, b"first", "sig") == (b"first", "sig")
    assert await store.rendered(delivery.id, b"second", None) == (b"first", "sig")


async def test_a_failed_attempt_is_tried_again_at_its_time_with_the_same_body(
    store: Store, clock: Clock
) -> None:
    delivery = await one_due(store)
    await store.rendered(delivery.id, b"body", "sig")
    await store.attempted(delivery.id, REFUSED, state=DeliveryState.PENDING, pause_seconds=5)
    assert await store.next_due_at() == clock.now + 5_000_000
    assert await store.due(holder="courier", limit=10) == []
    clock.pass_seconds(6)
    [again] = await store.due(holder="courier", limit=10)
    assert (again.attempts, again.body, again.signature) == (1, b"body", "sig")
    assert await store.delivery_attempts(delivery.id) == [REFUSED]


@pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.DEAD])
async def test_what_is_final_stays_so(store: Store, clock: Clock, state: DeliveryState) -> None:
    delivery = await one_due(store)
    await store.attempted(delivery.id, ACCEPTED, state=state, pause_seconds=None)
    await store.attempted(delivery.id, REFUSED, state=DeliveryState.PENDING, pause_seconds=0)
    [found] = await store.deliveries(delivery.prediction_id)
    assert (found.state, found.attempts) == (state, 2)
    assert await store.delivery_attempts(delivery.id) == [ACCEPTED, REFUSED]
    assert await store.due(holder="courier", limit=10) == []
    assert await store.next_due_at() is None


async def test_what_a_dead_courier_had_is_due_at_once(store: Store) -> None:
    delivery = await one_due(store)
    assert await store.due(holder="other", limit=10) == []
    await store.free_deliveries()
    [freed] = await store.due(holder="other", limit=10)
    assert freed.id == delivery.id

"""Deliveries are found again by what is known of them, and sent again; nothing that is kept is kept for ever."""

import asyncio
from dataclasses import replace

import pytest

from foretell.endpoint import Patience
from foretell.store import DeliveryAttempt, Inbox, Store
from foretell.store.inbox import ENDPOINT_SECONDS, KEPT_SECONDS
from foretell.store.webhooks import ATTEMPTS_MAX
from foretell.webhook import Delivery, DeliveryState, WebhookEvent
from samples import DONE, LANE, Clock, asking, new_prediction

pytestmark = pytest.mark.anyio

REFUSED = DeliveryAttempt(at=1, status=500, error="The receiver answered 500.", seconds=0.5, answer="no")
EVERYTHING = Inbox(account_id=None)
IMPATIENT = Patience(deaths_max=1, failing_seconds_max=0)
URL = "https://shop.example/hooks/one"


async def ended(store: Store, *events: str, url: str = URL, account_id: str = "ann") -> list[Delivery]:
    webhook = asking(*(events or ("completed",)), url=url)
    await store.create(new_prediction(webhook=webhook, account_id=account_id))
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    await store.finish(taken.hold, DONE)
    return await store.deliveries(taken.id)


async def dead(store: Store, **of: str) -> Delivery:
    """A delivery that was given up."""
    await ended(store, **of)
    [delivery] = await store.due(holder="courier", limit=1)
    await store.rendered(delivery.id, b'{"id": 1}', "sig")
    await store.attempted(delivery.id, REFUSED, state=DeliveryState.DEAD, pause_seconds=None, reason="Why.")
    found = await store.delivery(delivery.id)
    assert found is not None
    return found


async def paused(store: Store, url: str = URL) -> Delivery:
    """A delivery that is kept for its endpoint."""
    await ended(store, url=url)
    [last] = await store.due(holder="courier", limit=1)
    await store.rendered(last.id, b'{"id": 1}', "sig")
    changed = await store.attempted(
        last.id, REFUSED, state=DeliveryState.DEAD, pause_seconds=None, patience=IMPATIENT
    )
    assert changed is not None
    [kept] = await ended(store, url=url)
    assert await store.due(holder="courier", limit=10) == []
    found = await store.delivery(kept.id)
    assert found is not None
    assert found.state is DeliveryState.PAUSED
    return found


async def ids(store: Store, wanted: Inbox) -> list[str]:
    found, total = await store.delivery_page(wanted, offset=0, limit=50)
    assert total == len(found)
    return [each.id for each in found]


async def test_deliveries_are_found_by_what_is_known_of_them(store: Store, clock: Clock) -> None:
    given_up = await dead(store)
    clock.pass_seconds(60)
    [started, completed] = await ended(
        store, "started", "completed", url="https://other.example/", account_id="ben"
    )
    assert await ids(store, EVERYTHING) == [completed.id, started.id, given_up.id]
    assert await ids(store, Inbox(account_id="ben")) == [completed.id, started.id]
    assert await ids(store, replace(EVERYTHING, state=DeliveryState.DEAD)) == [given_up.id]
    assert await ids(store, replace(EVERYTHING, event=WebhookEvent.STARTED)) == [started.id]
    assert await ids(store, replace(EVERYTHING, prediction_id=given_up.prediction_id)) == [given_up.id]
    assert await ids(store, replace(EVERYTHING, since=started.created_at)) == [completed.id, started.id]


async def test_a_url_is_found_by_its_beginning_and_nothing_in_it_is_a_pattern(store: Store) -> None:
    [plain] = await ended(store, url="https://shop.example/hooks/one?job=50%25")
    [other] = await ended(store, url="https://shop.example/hooks/two")
    assert await ids(store, replace(EVERYTHING, url="https://shop.example/hooks/")) == [other.id, plain.id]
    assert await ids(store, replace(EVERYTHING, url="https://shop.example/hooks/one")) == [plain.id]
    for pattern in ("%", "_ttps://", "https://shop.example/%", "HTTPS://SHOP", "' OR 1=1 --"):
        assert await ids(store, replace(EVERYTHING, url=pattern)) == []


async def test_a_page_is_newest_first_and_leaves_bodies_out(store: Store, clock: Clock) -> None:
    made = []
    for _ in range(3):
        made.append(await dead(store))
        clock.pass_seconds(1)
    found, total = await store.delivery_page(EVERYTHING, offset=1, limit=1)
    assert total == 3
    assert [(each.id, each.body, each.reason) for each in found] == [(made[1].id, None, "Why.")]
    whole = await store.delivery(made[1].id)
    assert whole is not None
    assert (whole.body, whole.signature) == (b'{"id": 1}', "sig")


async def test_all_that_failed_is_due_again_a_few_at_a_time_the_oldest_first(
    store: Store, clock: Clock
) -> None:
    failed = []
    for _ in range(5):
        failed.append(await dead(store))
        clock.pass_seconds(1)
    await dead(store, account_id="ben")
    [fresh] = await ended(store)
    assert await store.redeliver(Inbox(account_id="ann"), limit=3) == (3, 2)
    again = await store.due(holder="courier", limit=10)
    assert {each.id for each in again} == {fresh.id, *(each.id for each in failed[:3])}
    assert all(each.reason is None for each in again)
    assert {each.body for each in again if each.id != fresh.id} == {b'{"id": 1}'}
    assert await store.redeliver(Inbox(account_id="ann"), limit=3) == (2, 0)
    assert await store.redeliver(Inbox(account_id="ann"), limit=3) == (0, 0)


async def test_what_was_erased_is_not_sent_again(store: Store) -> None:
    delivery = await dead(store)
    await store.delete(delivery.prediction_id, account_id="ann")
    found = await store.delivery(delivery.id)
    assert found is not None
    assert found.is_erased
    assert await store.redeliver(EVERYTHING, limit=10) == (0, 0)


async def test_what_is_kept_of_a_deleted_prediction_still_says_what_it_said(store: Store) -> None:
    kept = await paused(store)
    await store.delete(kept.prediction_id, account_id="ann")
    assert await store.get(kept.prediction_id, deleted=True) is not None
    [endpoint], _ = await store.endpoint_page("ann", offset=0, limit=1)
    await store.resume_endpoint(endpoint.id, account_id="ann")
    [due] = await store.due(holder="courier", limit=10)
    assert due.id == kept.id
    prediction = await store.get(kept.prediction_id, deleted=True)
    assert prediction is not None
    assert prediction.webhook is not None


async def test_what_was_kept_for_a_month_is_given_up_with_a_reason_and_erased_if_it_has_to_be(
    store: Store, clock: Clock
) -> None:
    kept = await paused(store)
    await store.delete(kept.prediction_id, account_id="ann")
    clock.pass_seconds(KEPT_SECONDS - 1)
    await store.probe()
    assert (await store.due(holder="courier", limit=10))[0].id == kept.id
    await store.attempted(kept.id, REFUSED, state=DeliveryState.PENDING, pause_seconds=0)
    assert await store.due(holder="courier", limit=10) == []
    clock.pass_seconds(2)
    await store.probe()
    found = await store.delivery(kept.id)
    assert found is not None
    assert (found.state, found.reason) == (
        DeliveryState.DEAD,
        "Its endpoint was paused until it was 30 days old.",
    )
    prediction = await store.get(kept.prediction_id, deleted=True)
    assert prediction is None or prediction.webhook is None


async def test_a_probe_is_given_out_once_however_many_look_for_one(store: Store, clock: Clock) -> None:
    kept = await paused(store)
    clock.pass_seconds(3_601)
    assert [await store.probe() for _ in range(3)] == [1, 0, 0]
    assert [each.id for each in await store.due(holder="courier", limit=10)] == [kept.id]


async def test_an_endpoint_that_is_told_nothing_is_forgotten_and_a_paused_one_is_not(
    store: Store, clock: Clock
) -> None:
    await paused(store, "https://paused.example/")
    [fine] = await ended(store, url="https://fine.example/")
    [due] = await store.due(holder="courier", limit=10)
    assert due.id == fine.id
    taken = DeliveryAttempt(at=1, status=200, error=None, seconds=0.1)
    await store.attempted(
        fine.id, taken, state=DeliveryState.DELIVERED, pause_seconds=None, patience=IMPATIENT
    )
    assert (await store.endpoint_page(None, offset=0, limit=10))[1] == 2
    clock.pass_seconds(ENDPOINT_SECONDS + 1)
    await store.probe()
    [left], total = await store.endpoint_page(None, offset=0, limit=10)
    assert (left.url, total) == ("https://paused.example/", 1)


async def test_the_newest_attempts_of_a_delivery_are_remembered(store: Store) -> None:
    delivery = await dead(store)
    for number in range(ATTEMPTS_MAX):
        attempt = replace(REFUSED, at=number)
        await store.attempted(delivery.id, attempt, state=DeliveryState.DEAD, pause_seconds=None)
    found = await store.delivery_attempts(delivery.id)
    assert [each.at for each in found] == list(range(ATTEMPTS_MAX))


async def test_attempts_in_one_group_are_noted_once_each(store: Store) -> None:
    owed = [await ended(store) for _ in range(6)]
    await store.due(holder="courier", limit=10)
    patience = Patience(deaths_max=6, failing_seconds_max=0)
    changed = await asyncio.gather(
        *(
            store.attempted(each.id, REFUSED, state=DeliveryState.DEAD, pause_seconds=None, patience=patience)
            for [each] in owed
        )
    )
    assert len([each for each in changed if each is not None]) == 1
    [found], _ = await store.endpoint_page("ann", offset=0, limit=10)
    assert (found.failures, found.deaths) == (6, 6)

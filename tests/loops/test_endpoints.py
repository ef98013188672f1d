"""Endpoints that only fail are paused: what they are owed is kept, tried now and then, and told when they are back."""

import logging
from dataclasses import replace

import pytest

from foretell.endpoint import PROBE_SECONDS, Endpoint
from foretell.prediction import Prediction
from foretell.webhook import Delivery, DeliveryState
from loops.offices import Office, until
from strangers import Behave, Received, Stranger, answers

pytestmark = pytest.mark.anyio
DEAD, DELIVERED, PAUSED = DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.PAUSED
HOUR_SECONDS = 3_600


class Moody:
    """Answers with what its `status` is now."""

    def __init__(self, status: int) -> None:
        self.status = status

    async def __call__(self, received: Received, writer: object) -> None:
        behave: Behave = answers(self.status)
        await behave(received, writer)  # type: ignore[arg-type]


async def endpoint(office: Office) -> Endpoint:
    [found], total = await office.store.endpoint_page(office.account.id, offset=0, limit=10)
    assert total == 1
    return found


async def paused(office: Office, stranger: Stranger, moody: Moody) -> list[Prediction]:
    """Predictions whose deliveries were given up, until that paused the endpoint."""
    moody.status = 410
    owed = [await office.ended(f"{stranger.url}?job={number}") for number in range(5)]
    async with office.delivering():
        for each in owed:
            await office.settled(each, DEAD)
    assert (await endpoint(office)).paused_at is not None
    return owed


async def test_five_in_a_row_given_up_pause_it_and_the_log_says_so(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    moody = Moody(410)
    async with Stranger(moody) as stranger:
        with caplog.at_level(logging.WARNING):
            owed = await paused(office, stranger, moody)
    found = await endpoint(office)
    assert (found.failures, found.deaths, found.url) == (5, 5, stranger.url)
    (said,) = [each for each in caplog.messages if "paused" in each]
    assert stranger.url in said
    assert "Deliveries given up in a row: 5." in said
    (dead,) = await office.store.deliveries(owed[0].id)
    assert dead.reason == "The receiver answered 410: nobody is there to be told any more."


async def test_what_a_paused_endpoint_is_owed_is_kept_untried(office: Office) -> None:
    moody = Moody(410)
    async with Stranger(moody) as stranger, Stranger(answers(200)) as other:
        await paused(office, stranger, moody)
        heard = len(stranger.received)
        kept = [await office.ended(stranger.url, "started", "completed") for _ in range(3)]
        fine = await office.ended(other.url)
        async with office.delivering():
            for each in kept:
                await office.settled(each, PAUSED, attempts=0)
            await office.settled(fine, DELIVERED)
        assert len(stranger.received) == heard
        found = await endpoint_of_url(office, stranger.url)
        assert await office.store.kept_for([found.id]) == {found.id: 6}


async def test_a_day_of_nothing_but_failures_pauses_it(office: Office) -> None:
    async with Stranger(answers(500)) as stranger, office.delivering(office.courier()):
        for attempts in range(1, 3):
            each = await office.ended(stranger.url, "processing")
            await office.settled(each, DeliveryState.PENDING, attempts=1)
            office.clock.pass_seconds(6)
            await office.settled(each, DEAD, attempts=2)
            assert (await endpoint(office)).failures == 2 * attempts
        office.clock.pass_seconds(24 * HOUR_SECONDS)
        last = await office.ended(stranger.url)
        await office.settled(last, DeliveryState.PENDING, attempts=1)
        found = await endpoint(office)
        assert found.reason == "It has only failed for 24.0 hours."
        assert found.deaths == 0, "news of progress is given up soon, which says little"


async def test_a_success_of_a_redelivery_resumes_it_and_what_was_kept_is_told_in_order(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    moody = Moody(410)
    async with Stranger(moody) as stranger:
        given_up = await paused(office, stranger, moody)
        kept = await office.ended(stranger.url, "started", "processing", "completed")
        async with office.delivering():
            await office.settled(kept, PAUSED)
            before = len(stranger.received)
            moody.status = 200
            (delivery,) = await office.store.deliveries(given_up[0].id)
            await office.store.resend(delivery.id, given_up[0].id)
            await office.settled(given_up[0], DELIVERED)
            await office.settled(kept, DELIVERED)
            told = [each.headers["x-foretell-event"] for each in stranger.received[before:]]
            assert told == ["completed", "started", "processing", "completed"]
    assert (await endpoint(office)).paused_at is None
    assert any("resumed" in each for each in caplog.messages)


async def test_a_redelivery_that_fails_leaves_it_paused(office: Office) -> None:
    moody = Moody(410)
    async with Stranger(moody) as stranger:
        given_up = await paused(office, stranger, moody)
        moody.status = 500
        (delivery,) = await office.store.deliveries(given_up[0].id)
        async with office.delivering():
            await office.store.resend(delivery.id, given_up[0].id)
            await until(lambda: tried(office, delivery.id, 2))
            office.clock.pass_seconds(40)
            (found,) = await office.settled(given_up[0], PAUSED, attempts=2)
        assert found.body == delivery.body
        assert (await endpoint(office)).paused_at is not None


async def test_it_is_tried_once_an_hour_with_the_oldest_that_is_kept(office: Office) -> None:
    moody = Moody(410)
    async with Stranger(moody) as stranger:
        await paused(office, stranger, moody)
        first, second = await office.ended(stranger.url), await office.ended(stranger.url)
        async with office.delivering():
            await office.settled(first, PAUSED)
            await office.settled(second, PAUSED)
            assert await office.store.probe() == 0, "its hour is not over"
            moody.status = 500
            for attempts in (1, 2):
                office.clock.pass_seconds(PROBE_SECONDS + 1)
                assert await office.store.probe() == 1
                await office.settled(first, DeliveryState.PENDING, attempts=attempts)
                office.clock.pass_seconds(40)
                await office.settled(first, PAUSED)
            await office.settled(second, PAUSED, attempts=0)
            moody.status = 200
            office.clock.pass_seconds(PROBE_SECONDS + 1)
            await office.store.probe()
            await office.settled(first, DELIVERED, attempts=3)
            await office.settled(second, DELIVERED, attempts=1)


async def test_a_courier_tries_it_by_itself_when_its_turn_has_come(office: Office) -> None:
    moody = Moody(410)
    async with Stranger(moody) as stranger:
        await paused(office, stranger, moody)
        kept = await office.ended(stranger.url)
        async with office.delivering():
            await office.settled(kept, PAUSED)
        moody.status = 200
        office.clock.pass_seconds(PROBE_SECONDS + 1)
        async with office.delivering():
            await office.settled(kept, DELIVERED, attempts=1)


async def test_by_hand_it_gets_another_chance_and_what_was_kept(office: Office) -> None:
    moody = Moody(410)
    async with Stranger(moody) as stranger:
        await paused(office, stranger, moody)
        kept = await office.ended(stranger.url)
        async with office.delivering():
            await office.settled(kept, PAUSED)
            moody.status = 200
            found = await endpoint(office)
            assert await office.store.resume_endpoint(found.id, account_id="stranger") is None
            assert await office.store.resume_endpoint("unknown", account_id=None) is None
            resumed = await office.store.resume_endpoint(found.id, account_id=office.account.id)
            assert resumed is not None
            assert resumed.paused_at is None
            await office.settled(kept, DELIVERED, attempts=1)


async def test_settings_may_forbid_pausing(office: Office) -> None:
    office.config = replace(office.config, webhook_dead_max=0, webhook_failing_seconds_max=0)
    async with Stranger(answers(410)) as stranger, office.delivering():
        owed = [await office.ended(stranger.url) for _ in range(5)]
        for each in owed:
            await office.settled(each, DEAD)
    assert (await endpoint(office)).paused_at is None


async def test_a_prediction_that_is_gone_is_no_fault_of_the_receivers(office: Office) -> None:
    async with Stranger(answers(200)) as stranger:
        prediction = await office.ended(stranger.url)
        async with office.delivering():
            await office.settled(prediction, DELIVERED)
            await office.store.delete(prediction.id, account_id=office.account.id)
            (delivery,) = await office.store.deliveries(prediction.id)
            await office.store.resend(delivery.id, prediction.id)
            (gone,) = await office.settled(prediction, DEAD)
        assert gone.reason == "What it said was erased."
        assert len(stranger.received) == 1
    assert (await endpoint(office)).failures == 0


async def test_a_replaced_secret_signs_beside_the_new_one_until_its_time_is_over(office: Office) -> None:
    async with Stranger(answers(200)) as stranger, office.delivering():
        for secret, seconds in (("whsec_" + "QUFB" * 8, None), ("whsec_" + "QkJC" * 8, HOUR_SECONDS)):
            until_at = None if seconds is None else office.clock.now + seconds * 1_000_000
            sealed = office.seal.seal(secret.encode())
            await office.store.set_webhook_secret(office.account.id, sealed, former_until_at=until_at)
        await office.settled(await office.ended(stranger.url), DELIVERED)
        office.clock.pass_seconds(HOUR_SECONDS + 1)
        await office.settled(await office.ended(stranger.url), DELIVERED)
        both, one = await stranger.heard(2)
    signatures = both.headers["webhook-signature"].split()
    assert len(set(signatures)) == 2
    assert all(each.startswith("v1,") for each in signatures)
    assert len(one.headers["webhook-signature"].split()) == 1


async def tried(office: Office, delivery_id: str, attempts: int) -> Delivery | None:
    found = await office.store.delivery(delivery_id)
    return found if found is not None and found.attempts == attempts else None


async def endpoint_of_url(office: Office, url: str) -> Endpoint:
    found, _ = await office.store.endpoint_page(None, offset=0, limit=10)
    (matching,) = [each for each in found if each.url == url]
    return matching

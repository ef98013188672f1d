"""Deliveries as receivers see them: signed, in order, tried again, and given up as the schedule says."""

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from foretell import catalog
from foretell.config import Config
from foretell.prediction import Prediction
from foretell.webhook import RETRY_SECONDS, DeliveryState
from loops.offices import Office
from strangers import Stranger, answers, drips, hangs, pours

pytestmark = pytest.mark.anyio
DEAD, DELIVERED, PENDING = DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.PENDING
JITTERED = 1.2
"""The longest that a wait is stretched."""


@pytest.fixture
def config(on_sqlite: Config) -> Config:
    return on_sqlite


async def test_a_delivery_is_signed_with_the_raw_key_and_with_the_accounts_secret(office: Office) -> None:
    async with Stranger(answers(200)) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        (letter,) = await stranger.heard(1)
        (delivery,) = await office.settled(prediction, DELIVERED)

    sent = letter.headers
    assert letter.method == "POST"
    assert sent["content-type"] == "application/json; charset=utf-8"
    assert sent["user-agent"].startswith("Foretell/")
    assert (sent["x-foretell-event"], sent["x-foretell-attempt"]) == ("completed", "1")
    assert sent["webhook-id"] == sent["x-foretell-delivery"] == delivery.id

    general = hmac.new(office.raw_key.encode(), letter.body, hashlib.sha256).hexdigest()
    assert sent["x-skytells-signature"] == general

    (sealed,) = await office.store.webhook_secrets(office.account.id, at=office.clock.now)
    secret = office.seal.open(sealed).decode()
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    assert len(key) >= 24
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + letter.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert sent["webhook-signature"] == f"v1,{expected}"
    assert int(sent["webhook-timestamp"]) == office.clock.now // 1_000_000

    body = json.loads(letter.body)
    assert (body["id"], body["status"], body["output"]) == (prediction.id, "succeeded", "done")
    assert body["urls"]["get"] == f"http://127.0.0.1:8900/v1/predictions/{prediction.id}"


async def test_a_run_is_told_in_its_order_and_each_body_is_of_its_moment(office: Office) -> None:
    async with Stranger(answers(200)) as stranger:
        prediction = await office.ended(stranger.url, "started", "processing", "completed")
        async with office.delivering():
            letters = await stranger.heard(3)
            await office.settled(prediction, DELIVERED)
    told = [json.loads(each.body) for each in letters]
    assert [each.headers["x-foretell-event"] for each in letters] == ["started", "processing", "completed"]
    assert [each["status"] for each in told] == ["started", "processing", "succeeded"]
    assert [each["output"] for each in told] == [None, None, "done"]
    assert [each["completed_at"] is None for each in told] == [True, True, False]


async def test_documented_event_names_get_an_envelope(office: Office) -> None:
    async with Stranger(answers(200)) as stranger, office.delivering():
        await office.ended(stranger.url, "completed", webhook={"names": ("prediction.succeeded",)})
        (letter,) = await stranger.heard(1)
    body = json.loads(letter.body)
    assert body["type"] == "prediction.succeeded"
    assert body["data"]["id"] == body["id"]
    assert body["data"]["type"] == "inference"


async def test_a_cancel_is_spelled_as_its_subscription_expects(office: Office) -> None:
    async with Stranger(answers(200)) as stranger, office.delivering():
        for spelling in ("canceled", "cancelled"):
            new = await _waiting(office, stranger.url, spelling)
            await office.store.cancel(new, account_id=office.account.id)
        letters = await stranger.heard(2)
    assert sorted(json.loads(each.body)["status"] for each in letters) == ["canceled", "cancelled"]


async def test_long_data_in_inputs_is_not_repeated_to_receivers(office: Office) -> None:
    long = "data:image/png;base64," + "A" * 100_000
    async with Stranger(answers(200)) as stranger, office.delivering():
        await office.ended(stranger.url, input={"image": long, "texts": ["data:,short", "long" * 1_000]})
        (letter,) = await stranger.heard(1)
    told = json.loads(letter.body)["input"]
    assert told["image"] == "data:image/png;base64,… (100022 characters)"
    assert told["texts"] == ["data:,short", "long" * 1_000]


async def test_secrets_of_an_input_are_not_told_to_receivers(office: Office) -> None:
    version = catalog.sandbox(created_at=1)[0]
    schema = {"properties": {"token": {"type": "string", "format": "password"}}}
    await office.store.register(replace(version, input_schema=schema))
    async with Stranger(answers(200)) as stranger, office.delivering():
        await office.ended(stranger.url, version_id=version.id, input={"token": "hush", "prompt": "cat"})
        (letter,) = await stranger.heard(1)
    assert b"hush" not in letter.body
    assert json.loads(letter.body)["input"]["prompt"] == "cat"


async def test_a_secret_of_the_keys_own_signs_in_its_place_until_it_is_taken_away(office: Office) -> None:
    async with Stranger(answers(200)) as stranger, office.delivering():
        await office.store.set_key_secret(office.key_id, office.seal.seal(b"a secret of ours"))
        await office.settled(await office.ended(stranger.url), DELIVERED)
        await office.store.set_key_secret(office.key_id, None)
        await office.settled(await office.ended(stranger.url), DELIVERED)
        letters = await stranger.heard(2)
    for letter, secret in zip(letters, (b"a secret of ours", office.raw_key.encode()), strict=True):
        expected = hmac.new(secret, letter.body, hashlib.sha256).hexdigest()
        assert letter.headers["x-skytells-signature"] == expected


async def test_a_revoked_key_signs_no_more_but_the_account_does(office: Office) -> None:
    await office.store.revoke_key(office.key_id)
    async with Stranger(answers(200)) as stranger, office.delivering():
        await office.ended(stranger.url)
        (letter,) = await stranger.heard(1)
    assert "x-skytells-signature" not in letter.headers
    assert letter.headers["webhook-signature"].startswith("v1,")


async def test_failures_are_tried_again_with_the_same_bytes_and_a_fresh_timestamp(office: Office) -> None:
    async with Stranger(answers(500, 503, 200)) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        for attempts in (1, 2):
            await office.settled(prediction, PENDING, attempts=attempts)
            await office.store.revoke_key(office.key_id)
            office.clock.pass_seconds(RETRY_SECONDS[attempts - 1] * JITTERED)
        (delivery,) = await office.settled(prediction, DELIVERED)
        letters = await stranger.heard(3)
    assert len(letters) == 3
    assert len({each.body for each in letters}) == 1
    assert len({each.headers["x-skytells-signature"] for each in letters}) == 1
    assert len({each.headers["webhook-id"] for each in letters}) == 1
    assert len({each.headers["webhook-signature"] for each in letters}) == 3
    assert [each.headers["x-foretell-attempt"] for each in letters] == ["1", "2", "3"]
    tries = await office.store.delivery_attempts(delivery.id)
    assert [each.status for each in tries] == [500, 503, 200]
    assert (tries[0].error, tries[2].error) == ("The receiver answered 500.", None)


async def test_a_receiver_that_is_gone_is_not_tried_again(office: Office) -> None:
    async with Stranger(answers(410)) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        (delivery,) = await office.settled(prediction, DEAD)
    assert delivery.attempts == 1


async def test_a_redirect_counts_as_a_failure_and_is_not_followed(office: Office) -> None:
    async with Stranger(answers(302, headers="Location: /elsewhere\r\n")) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        await office.settled(prediction, PENDING, attempts=1)
        assert [each.path for each in stranger.received] == ["/hook"]


async def test_a_terminal_event_is_given_up_after_its_schedule(office: Office) -> None:
    closed = "http://127.0.0.1:9/hook"
    prediction = await office.ended(closed)
    for attempts in range(1, len(RETRY_SECONDS) + 2):
        # One courier for each try, so that the pause after many failures does not come into it.
        async with office.delivering():
            await office.settled(
                prediction, DEAD if attempts > len(RETRY_SECONDS) else PENDING, attempts=attempts
            )
        office.clock.pass_seconds(RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1] * JITTERED)
    (delivery,) = await office.store.deliveries(prediction.id)
    tries = await office.store.delivery_attempts(delivery.id)
    assert [each.error for each in tries] == [f"{closed} could not be reached."] * 8


async def test_news_of_progress_is_tried_only_once_more(office: Office) -> None:
    async with Stranger(answers(500)) as stranger, office.delivering():
        prediction = await office.ended(stranger.url, "processing")
        await office.settled(prediction, PENDING, attempts=1)
        office.clock.pass_seconds(5 * JITTERED)
        await office.settled(prediction, DEAD, attempts=2)


async def test_a_receivers_wish_to_wait_is_honoured(office: Office) -> None:
    async with Stranger(answers(429, headers="Retry-After: 900\r\n")) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        (delivery,) = await office.settled(prediction, PENDING, attempts=1)
    assert delivery.next_at >= prediction.created_at + 900 * 1_000_000


async def test_receivers_that_hang_or_drip_do_not_keep_others_waiting(office: Office) -> None:
    async with Stranger(hangs) as hung, Stranger(drips) as dripping, Stranger(answers(200)) as fine:
        late = [await office.ended(each.url) for each in (hung, dripping) for _ in range(20)]
        async with office.delivering(office.courier(webhook_concurrency=32)):
            await hung.heard(8)
            prediction = await office.ended(fine.url)
            async with asyncio.timeout(1.5):
                await fine.heard(1)
            await office.settled(prediction, DELIVERED)
            (first,) = await office.settled(late[0], PENDING, attempts=1)
            (tried,) = await office.store.delivery_attempts(first.id)
            assert tried.error == f"{hung.url} did not answer within 2 seconds."
        assert hung.peak <= 8
        assert dripping.peak <= 8


async def test_an_answer_without_an_end_is_delivered_by_its_status(office: Office) -> None:
    async with Stranger(pours) as stranger, office.delivering():
        await office.settled(await office.ended(stranger.url), DELIVERED)


async def test_a_busy_receiver_gets_more_than_memory_holds_without_delay_a_few_at_a_time(
    office: Office,
) -> None:
    async with Stranger(answers(200, seconds=0.01)) as stranger:
        owed: list[Prediction] = [await office.ended(stranger.url) for _ in range(300)]
        async with office.delivering():
            letters = await stranger.heard(300)
            for each in owed:
                await office.settled(each, DELIVERED)
    assert len({letter.headers["webhook-id"] for letter in letters}) == 300
    assert len(letters) == 300
    assert stranger.peak <= 8


async def test_what_is_under_way_at_a_stop_may_end(office: Office) -> None:
    async with Stranger(answers(200, seconds=0.3)) as stranger:
        prediction = await office.ended(stranger.url)
        async with office.delivering():
            await stranger.heard(1)
        (delivery,) = await office.store.deliveries(prediction.id)
        assert delivery.state is DELIVERED


async def test_a_deleted_prediction_is_still_told_of_with_what_was_stored(office: Office) -> None:
    async with Stranger(answers(500, 200)) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        await office.settled(prediction, PENDING, attempts=1)
        await office.store.delete(prediction.id, account_id=office.account.id)
        office.clock.pass_seconds(5 * JITTERED)
        await office.settled(prediction, DELIVERED)
        first, second = await stranger.heard(2)
    assert first.body == second.body


async def test_a_live_prediction_that_is_deleted_is_told_of_as_canceled(office: Office) -> None:
    async with Stranger(answers(200)) as stranger:
        prediction_id = await _waiting(office, stranger.url, "cancelled")
        await office.store.delete(prediction_id, account_id=office.account.id)
        async with office.delivering():
            (letter,) = await stranger.heard(1)
    assert json.loads(letter.body)["status"] == "cancelled"


async def _waiting(office: Office, url: str, spelling: str) -> str:
    from samples import asking, new_prediction

    webhook = asking("canceled", url=url)
    mine = {"account_id": office.account.id, "key_id": office.key_id}
    new = new_prediction(webhook=type(webhook)(webhook.url, webhook.names, webhook.events, spelling), **mine)
    await office.store.create(new)
    return new.id

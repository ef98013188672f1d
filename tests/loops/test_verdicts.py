"""What an answer to a delivery means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.loops.verdicts import RETRY_AFTER_SECONDS_MAX, SECOND, verdict
from foretell.webhook import PROGRESS_RETRY_SECONDS, RETRY_SECONDS, Delivery, DeliveryState, WebhookEvent

NOW = 1_800_000_000 * SECOND
DEAD, DELIVERED, PENDING = DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.PENDING


def delivery(attempts: int = 0, event: WebhookEvent = WebhookEvent.COMPLETED) -> Delivery:
    return Delivery(
        id="d",
        prediction_id="p",
        account_id="a",
        key_id=None,
        event=event,
        url="http://127.0.0.1/",
        state=PENDING,
        attempts=attempts,
        next_at=NOW,
        body=None,
        signature=None,
        created_at=NOW,
    )


@given(st.integers(200, 299), st.integers(0, 20))
def test_any_2xx_is_delivered(status: int, attempts: int) -> None:
    assert verdict(delivery(attempts), status, now=NOW) == (DELIVERED, None)


@given(st.one_of(st.none(), st.integers(100, 199), st.integers(300, 599).filter(lambda each: each != 410)))
def test_anything_else_is_tried_again_within_a_fifth_of_the_schedule(status: int | None) -> None:
    for attempts, seconds in enumerate(RETRY_SECONDS):
        state, pause_seconds = verdict(delivery(attempts), status, now=NOW)
        assert state is PENDING
        assert pause_seconds is not None
        assert 0.8 * seconds <= pause_seconds <= 1.2 * seconds
    assert verdict(delivery(len(RETRY_SECONDS)), status, now=NOW) == (DEAD, None)


def test_progress_has_a_schedule_of_its_own() -> None:
    for event in (WebhookEvent.STARTED, WebhookEvent.PROCESSING):
        tried = len(PROGRESS_RETRY_SECONDS)
        assert verdict(delivery(tried - 1, event), 500, now=NOW)[0] is PENDING
        assert verdict(delivery(tried, event), 500, now=NOW)[0] is DEAD


def test_gone_is_the_end() -> None:
    assert verdict(delivery(), 410, now=NOW) == (DEAD, None)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("900", 900),
        ("Fri, 15 Jan 2027 08:30:00 GMT", 1_800),
        ("999999999", RETRY_AFTER_SECONDS_MAX),
        ("0", 5),
        ("-5", 5),
        ("Fri, 15 Jan 2016 08:30:00 GMT", 5),
        ("soon", 5),
        ("", 5),
        ("Fri, 99 Jan 2027 99:30:00 GMT", 5),
    ],
)
def test_a_receivers_wish_lengthens_the_wait_and_never_shortens_it(retry_after: str, seconds: int) -> None:
    state, pause_seconds = verdict(delivery(), 503, now=NOW, retry_after=retry_after, chance=lambda: 0.5)
    assert (state, pause_seconds) == (PENDING, seconds)

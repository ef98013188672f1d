"""Webhooks: what a subscription means, how bodies are signed, and when there is another try."""

import base64
import json
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import Code, Error
from foretell.webhook import (
    ANSWER_BYTES_MAX,
    PROGRESS_RETRY_SECONDS,
    RETRY_SECONDS,
    TERMINAL_EVENTS,
    WebhookEvent,
    body_spelling,
    canonical_events,
    hex_signature,
    is_standard,
    legible,
    new_secret,
    payload,
    retry_seconds,
    standard_signature,
)

STARTED, PROCESSING, COMPLETED, FAILED, CANCELED = WebhookEvent


@pytest.mark.parametrize(
    ("names", "events"),
    [
        ([], TERMINAL_EVENTS),
        (["start"], (STARTED,)),
        (["Starting"], (STARTED,)),
        (["prediction.started"], (STARTED,)),
        (["processing"], (PROCESSING,)),
        (["completed", "succeeded"], (COMPLETED,)),
        (["PREDICTION.SUCCEEDED"], (COMPLETED,)),
        (["canceled"], (CANCELED,)),
        ([" cancelled "], (CANCELED,)),
        (["failed", "completed"], (FAILED, COMPLETED)),
        (["*"], tuple(WebhookEvent)),
        (["prediction.*"], tuple(WebhookEvent)),
        (["output", "logs", "no such event"], ()),
    ],
)
def test_every_documented_spelling_names_its_event(
    names: list[str], events: tuple[WebhookEvent, ...]
) -> None:
    assert canonical_events(names) == events


def test_in_a_filter_completed_means_any_end() -> None:
    assert canonical_events(["completed"], filtered=True) == TERMINAL_EVENTS
    assert canonical_events(["start", "output", "logs", "completed"], filtered=True) == (
        STARTED,
        *TERMINAL_EVENTS,
    )


@pytest.mark.parametrize(
    ("names", "plain", "spelling"),
    [
        (["succeeded", "failed", "processing"], False, "canceled"),
        (["processing"], False, "canceled"),
        (["completed", "failed", "canceled", "started"], False, "cancelled"),
        (["succeeded", "started"], False, "cancelled"),
        (["succeeded", "cancelled"], False, "cancelled"),
        (["prediction.succeeded", "prediction.cancelled"], False, "cancelled"),
        ([], False, "cancelled"),
        ([], True, "canceled"),
        (["completed"], True, "canceled"),
    ],
)
def test_a_cancel_is_spelled_as_the_subscription_gives_away(
    names: list[str], plain: bool, spelling: str
) -> None:
    assert body_spelling(names, plain=plain) == spelling


@given(st.binary(max_size=200), st.text("abcdef0123456789", min_size=8, max_size=40))
def test_the_hex_signature_is_64_lower_case_digits_that_depend_on_every_byte(body: bytes, key: str) -> None:
    found = hex_signature(body, key.encode())
    assert len(found) == 64
    assert found == found.lower()
    assert found != hex_signature(body + b" ", key.encode())


def test_the_hex_signature_agrees_with_openssl() -> None:
    command = ["openssl", "dgst", "-sha256", "-hmac", "sk-secret"]
    try:
        said = subprocess.run(command, input=b'{"id":"p"}', capture_output=True, check=True).stdout.decode()
    except FileNotFoundError:
        pytest.skip("program missing: openssl")
    assert said.split()[-1] == hex_signature(b'{"id":"p"}', b"sk-secret")


def test_the_standard_signature_agrees_with_the_specifications_example() -> None:
    # The example of the Standard Webhooks libraries' own documentation and tests.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    found = standard_signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, secret)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_is_not_base64_is_refused() -> None:
    with pytest.raises(Error) as caught:
        standard_signature("id", 1, b"", "whsec_" + base64.urlsafe_b64encode(b"\xff\xfe" * 12).decode())
    assert caught.value.code is Code.INVALID_PARAMETER


def test_the_schedule_runs_out() -> None:
    for event in WebhookEvent:
        expected = RETRY_SECONDS if event in TERMINAL_EVENTS else PROGRESS_RETRY_SECONDS
        assert tuple(retry_seconds(event, each + 1) for each in range(len(expected))) == expected
        assert retry_seconds(event, len(expected) + 1) is None


def test_a_body_is_the_prediction_itself_unless_documented_names_ask_for_an_envelope() -> None:
    flat = {"id": "p", "status": "succeeded", "type": "inference", "created_at": "then"}
    assert payload(flat, ("completed",), event=COMPLETED, at="now") == flat
    told = payload(flat, ("prediction.succeeded",), event=COMPLETED, at="now")
    assert told == {**flat, "type": "prediction.succeeded", "created_at": "now", "data": flat}
    assert json.loads(json.dumps(told)) == told


def test_the_start_is_told_as_such_because_listeners_route_on_it() -> None:
    flat = {"id": "p", "status": "processing", "type": "inference"}
    assert payload(flat, ("started",), event=STARTED, at="now")["status"] == "started"
    told = payload(flat, ("prediction.started",), event=STARTED, at="now")
    assert (told["type"], told["data"]["status"]) == ("prediction.started", "started")
    assert payload(flat, ("processing",), event=PROCESSING, at="now")["status"] == "processing"


@given(st.binary(max_size=5_000))
def test_a_receivers_answer_is_made_harmless_and_short(answer: bytes) -> None:
    shown = legible(answer)
    assert len(shown.encode()) <= ANSWER_BYTES_MAX
    assert {unicodedata.category(each) for each in shown if each not in "\n\t"}.isdisjoint({"Cc", "Cf", "Cs"})
    assert not set(shown) & set("\x00\x1b\r\u202e\u2066\u2028\u2029")


def test_what_is_legible_of_an_answer_is_left_as_it_is() -> None:
    assert legible(" {\n\t“ok”: 'ünïcödé 😀'}\r\n".encode()) == "{\n\t“ok”: 'ünïcödé 😀'}"
    assert legible(b"x" * 5_000) == "x" * ANSWER_BYTES_MAX
    assert legible(b"") == ""


def test_a_signature_counts_among_several_and_only_for_its_own_time_and_id() -> None:
    secret, other = new_secret(), new_secret()
    right, wrong = (standard_signature("d1", 5, b"body", each) for each in (secret, other))
    assert is_standard("d1", "5", b"body", f"{wrong} {right}", secret)
    for changed in (("d2", "5", b"body"), ("d1", "6", b"body"), ("d1", "5", b"bodY"), ("d1", "", b"body")):
        assert not is_standard(*changed, f"{wrong} {right}", secret)
    assert not is_standard("d1", "5", b"body", wrong, secret)
    assert not is_standard("d1", "5", b"body", "", secret)
    assert not is_standard("d1", "٥", b"body", right, secret)

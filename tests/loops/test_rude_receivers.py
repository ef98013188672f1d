"""Receivers that are rude: whatever they answer is written down as what it was, and costs others nothing."""

import asyncio
import gzip
from email.utils import formatdate

import pytest

from foretell.config import Config
from foretell.loops.receivers import SLOTS
from foretell.store import DeliveryAttempt
from foretell.webhook import ANSWER_BYTES_MAX, DeliveryState
from loops.offices import Office
from strangers import Behave, Received, Stranger, answers, drips, hangs

pytestmark = pytest.mark.anyio
DEAD, DELIVERED, PENDING = DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.PENDING
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@pytest.fixture
def config(on_sqlite: Config) -> Config:
    return on_sqlite


def says(*parts: bytes) -> Behave:
    """Sends these bytes, whatever they mean, and hangs up."""

    async def behave(_: Received, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return behave


async def dribbles(_: Received, writer: asyncio.StreamWriter) -> None:
    """Answers 200 with a body that comes a byte at a time and never ends."""
    writer.write(OK + b"\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def one_attempt(office: Office, behave: Behave, state: DeliveryState) -> DeliveryAttempt:
    """How the first attempt at such a receiver went, after which the delivery is in that state."""
    async with Stranger(behave) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        (delivery,) = await office.settled(prediction, state, attempts=1)
        assert len(stranger.received) == 1
    (attempt,) = await office.store.delivery_attempts(delivery.id)
    return attempt


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\xff\xfe not HTTP at all \r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 banana OK\r\n\r\n",
        b"HTTP/1.1 200",
        b"",
        OK + b"X-Long: " + b"x" * 300_000 + b"\r\n\r\n",
        OK + b"Content-Length: -5\r\n\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
    ids=[
        "bytes",
        "mail",
        "no status",
        "cut short",
        "nothing",
        "long header",
        "negative",
        "two lengths",
    ],
)
async def test_garbage_is_a_failure_that_is_tried_again(office: Office, answer: bytes) -> None:
    attempt = await one_attempt(office, says(answer), PENDING)
    assert attempt.status is None
    assert attempt.error is not None
    assert attempt.error.endswith("could not be reached.")


async def test_hanging_up_in_the_middle_of_a_success_is_a_success(office: Office) -> None:
    attempt = await one_attempt(office, says(OK + b"Content-Length: 5000\r\n\r\nhalf of it"), DELIVERED)
    assert (attempt.status, attempt.answer) == (200, "half of it")


async def test_a_body_that_dribbles_is_not_waited_for(office: Office) -> None:
    attempt = await one_attempt(office, dribbles, DELIVERED)
    assert attempt.status == 200
    assert attempt.answer is not None
    assert set(attempt.answer) == {"x"}


async def test_chunks_that_make_no_sense_do_not_undo_the_status(office: Office) -> None:
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    attempt = await one_attempt(office, says(chunked + b"5\r\nhello\r\nZZZ\r\n"), DELIVERED)
    assert attempt.status == 200


async def test_only_the_beginning_of_a_huge_answer_is_kept(office: Office) -> None:
    attempt = await one_attempt(office, answers(500, body="ü".encode() * 1_000_000), PENDING)
    assert attempt.answer is not None
    assert len(attempt.answer.encode()) <= ANSWER_BYTES_MAX
    assert set(attempt.answer) <= {"ü", "\ufffd"}


async def test_an_answer_commands_neither_terminal_nor_page_nor_database(office: Office) -> None:
    rude = "\x1b[2J\x00\u202egnissim\u2066 \x07\r\n<b>gone</b>\ud7ff\u2028".encode() + b"\xff\xfe"
    attempt = await one_attempt(office, answers(500, body=rude), PENDING)
    assert attempt.answer == "[2Jgnissim \n<b>gone</b>\ud7ff\ufffd\ufffd"


async def test_a_compressed_answer_is_not_unpacked(office: Office) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    attempt = await one_attempt(
        office, answers(200, body=bomb, headers="Content-Encoding: gzip\r\n"), DELIVERED
    )
    assert attempt.answer is not None
    assert len(attempt.answer.encode()) <= ANSWER_BYTES_MAX


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_failures_and_nobody_goes_where_they_lead(office: Office, status: int) -> None:
    async with Stranger(answers(200)) as elsewhere:
        leads = answers(status, headers=f"Location: {elsewhere.url}\r\n", body=b"over there")
        attempt = await one_attempt(office, leads, PENDING)
        assert elsewhere.received == []
    assert (attempt.status, attempt.error) == (status, f"The receiver answered {status}.")
    assert attempt.answer == "over there"


async def test_news_of_what_comes_first_is_not_the_answer(office: Office) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    attempt = await one_attempt(office, says(early + OK + b"Content-Length: 2\r\n\r\nok"), DELIVERED)
    assert (attempt.status, attempt.answer) == (200, "ok")


async def test_gone_ends_a_delivery_and_a_word_to_come_back_changes_nothing(office: Office) -> None:
    attempt = await one_attempt(office, answers(410, headers="Retry-After: 1\r\n"), DEAD)
    assert attempt.status == 410


@pytest.mark.parametrize("seconds", [600, 10**30])
async def test_a_wish_to_wait_is_heard_up_to_a_day(office: Office, seconds: int) -> None:
    behave = answers(503, headers=f"Retry-After: {seconds}\r\n")
    await one_attempt(office, behave, PENDING)
    next_at = await office.store.next_due_at()
    assert next_at is not None
    waits = (next_at - office.clock.now) / 1_000_000
    assert waits == pytest.approx(min(seconds, 86_400), rel=0.01)


@pytest.mark.parametrize("word", ["soon", "-5", "", "1e9", "٣", "0x10", "Mon, 99 Foo 2026 00:00:00 GMT"])
async def test_a_wish_that_makes_no_sense_leaves_the_schedule(office: Office, word: str) -> None:
    await one_attempt(office, says(_raw(word)), PENDING)
    assert await _waits(office) <= 6


async def test_a_date_to_come_back_at_is_heard(office: Office) -> None:
    at = formatdate(office.clock.now / 1_000_000 + 900, usegmt=True)
    await one_attempt(office, answers(503, headers=f"Retry-After: {at}\r\n"), PENDING)
    assert await _waits(office) == pytest.approx(900, abs=3)


async def test_the_rude_hold_up_nobody_else_and_take_no_more_than_their_share(office: Office) -> None:
    rude = [hangs, drips, dribbles, says(b"")]
    async with (
        Stranger(rude[0]) as a,
        Stranger(rude[1]) as b,
        Stranger(rude[2]) as c,
        Stranger(rude[3]) as d,
        Stranger(answers(200)) as fine,
        office.delivering(office.courier(webhook_concurrency=64)),
    ):
        strangers = (a, b, c, d)
        for each in strangers:
            for _ in range(12):
                await office.ended(each.url)
        await a.heard(SLOTS)
        prediction = await office.ended(fine.url)
        async with asyncio.timeout(1.5):
            await fine.heard(1)
        await office.settled(prediction, DELIVERED)
        assert all(each.peak <= SLOTS for each in strangers)


async def _waits(office: Office) -> float:
    next_at = await office.store.next_due_at()
    assert next_at is not None
    return (next_at - office.clock.now) / 1_000_000


def _raw(word: str) -> bytes:
    head = "HTTP/1.1 503 Later\r\nConnection: close\r\nContent-Length: 0\r\n"
    return f"{head}Retry-After: {word}\r\n\r\n".encode()

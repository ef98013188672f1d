"""What hostile servers do to those who call them, and what comes of it here."""

import asyncio
import gzip
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from foretell.config import Config
from foretell.errors import Code, Error
from foretell.outbound import Outbound, check_form
from foretell.outbound.addresses import Reach
from strangers import Received, Stranger, answers, refusal, run

LOCAL = Config()
BOMB = gzip.compress(b"\0" * 50_000_000)


async def floods_the_head(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 60_000 + b"\r\n")
        await writer.drain()


async def goes_on_to_continue(_: Received, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        await writer.drain()
        await asyncio.sleep(0.01)


async def drips_a_body(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def claims_a_huge_chunk(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nx")
    await writer.drain()


async def says_two_lengths(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")
    await writer.drain()


async def speaks_something_else(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff\xfe")
    await writer.drain()


@pytest.mark.parametrize(
    "behave",
    [
        floods_the_head,
        goes_on_to_continue,
        drips_a_body,
        claims_a_huge_chunk,
        says_two_lengths,
        speaks_something_else,
    ],
)
def test_a_download_from_a_hostile_server_ends_in_time_and_leaves_nothing(
    tmp_path: Path, behave: Any
) -> None:
    async def work() -> Error:
        async with Stranger(behave) as stranger:
            asked = Outbound(LOCAL).download(stranger.url, tmp_path / "file", bytes_max=10**6, seconds=0.5)
            return await refusal(asked)

    begun = time.monotonic()
    error = run(work())
    assert time.monotonic() - begun < 5
    assert error.code is Code.UNAVAILABLE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("behave", [floods_the_head, goes_on_to_continue, speaks_something_else])
def test_a_hostile_receiver_of_a_webhook_costs_its_time_and_no_memory(behave: Any) -> None:
    async def work() -> Error:
        async with Stranger(behave) as stranger:
            return await refusal(Outbound(LOCAL).post(stranger.url, b"{}", {}, 0.5))

    tracemalloc.start()
    try:
        error = run(work())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.code is Code.UNAVAILABLE
    assert "could not be reached" in error.message or "did not answer" in error.message
    assert peak_bytes < 20_000_000


def test_what_was_compressed_to_a_thousandth_is_not_unpacked(tmp_path: Path) -> None:
    async def work() -> None:
        async with Stranger(answers(200, headers="Content-Encoding: gzip\r\n", body=BOMB)) as stranger:
            outbound = Outbound(LOCAL)
            answer = await outbound.post(stranger.url, b"{}", {}, 5)
            assert answer.body == BOMB[:4_096]
            error = await refusal(outbound.download(stranger.url, tmp_path / "f", bytes_max=10**9, seconds=5))
            assert "compressed" in error.message
            assert stranger.received[-1].headers["accept-encoding"] == "identity"

    run(work())


def test_no_credentials_and_no_cookies_go_to_strangers(tmp_path: Path) -> None:
    async def work() -> None:
        away = answers(302, 200, headers="Set-Cookie: a=b\r\nLocation: /next\r\n")
        async with Stranger(away) as stranger:
            await Outbound(LOCAL).download(stranger.url, tmp_path / "f", bytes_max=100, seconds=5)
            for request in stranger.received:
                assert set(request.headers) == {"host", "accept", "accept-encoding"}

    run(work())


@pytest.mark.parametrize(
    "spelled", ["ai.example.com", "AI.Example.com", "ai.example.com.", "ai.example.com.:443"]
)
def test_this_server_knows_its_public_name_however_it_is_written(spelled: str) -> None:
    async def never(_host: str, _port: int) -> list[str]:
        raise AssertionError("nothing has to be resolved")

    outbound = Outbound(Config(public_url="https://ai.example.com"), resolver=never)
    error = run(refusal(outbound.post(f"https://{spelled}/v1/predict", b"{}", {}, 5)))
    assert "could not be reached" in error.message


def test_a_server_does_not_call_the_port_on_which_it_listens() -> None:
    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            own = Outbound(Config(host="127.0.0.1", port=stranger.port))
            await refusal(own.post(stranger.url, b"{}", {}, 5))
            assert stranger.received == []

    run(work())


@pytest.mark.parametrize("address", ["fe80::1%eth0", "::ffff:127.0.0.1%1", "::1%lo"])
def test_an_address_with_a_zone_is_judged_like_one_without(address: str) -> None:
    assert not Reach(local=False).permits("example.com", [address], port=443)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com\\@127.0.0.1/",
        "http://a@b@127.0.0.1/",
        "http://127.0.0.1%2f@x/",
        "http://[::1]:80:90/",
        "http://[::1",
        "http://①②⑦.0.0.1/",
        "gopher://127.0.0.1:6379/_x",
        "http:\\\\127.0.0.1/",
        "\x00http://example.com/",
        "http://example.com/\x85",
        "http://example.com/\u2028",
        "http://" + "a" * 64 + ".example/",
    ],
)
def test_addresses_that_readers_understand_differently_are_refused(url: str) -> None:
    with pytest.raises(Error):
        check_form(url)

"""Requests to strangers: bounded in time and size, and only ever to the address that was checked."""

import socket
import time
from typing import Any

import pytest

from foretell.config import Config
from foretell.errors import Code, Error
from foretell.outbound import Outbound, check_form
from strangers import Stranger, answers, drips, hangs, pours, refusal, run

LOCAL = Config()
PUBLIC_SERVER = Config(host="0.0.0.0")


def test_a_post_arrives_with_its_bytes_and_headers_and_brings_back_the_answer() -> None:
    async def work() -> None:
        behave = answers(201, headers="Retry-After: 7\r\n", body=b"thanks" * 2_000)
        async with Stranger(behave) as stranger:
            answer = await Outbound(LOCAL).post(stranger.url + "?a=b#c", b"\x00body", {"X-Mine": "1"}, 5)
        assert (answer.status, answer.headers["retry-after"], len(answer.body)) == (201, "7", 4_096)
        (request,) = stranger.received
        assert (request.method, request.path, request.body) == ("POST", "/hook?a=b", b"\x00body")
        assert request.headers["x-mine"] == "1"
        assert request.headers["host"] == f"127.0.0.1:{stranger.port}"

    run(work())


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def work() -> None:
        away = answers(307, headers="Location: /elsewhere\r\n")
        async with Stranger(away) as stranger:
            answer = await Outbound(LOCAL).post(stranger.url, b"{}", {}, 5)
        assert answer.status == 307
        assert len(stranger.received) == 1

    run(work())


@pytest.mark.parametrize("behave", [hangs, drips])
def test_a_receiver_that_does_not_come_to_an_end_is_left_after_the_time(behave: Any) -> None:
    async def work() -> None:
        async with Stranger(behave) as stranger:
            begun = time.monotonic()
            error = await refusal(Outbound(LOCAL).post(stranger.url, b"{}", {}, 0.3))
        assert time.monotonic() - begun < 3
        assert error.code is Code.UNAVAILABLE
        assert "did not answer within 0.3 seconds" in error.message

    run(work())


def test_an_endless_answer_counts_by_its_status() -> None:
    async def work() -> None:
        async with Stranger(pours) as stranger:
            answer = await Outbound(LOCAL).post(stranger.url, b"{}", {}, 5)
        assert answer.status == 200
        assert len(answer.body) == 4_096

    run(work())


def test_a_server_that_others_can_reach_does_not_call_private_addresses() -> None:
    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            error = await refusal(Outbound(PUBLIC_SERVER).post(stranger.url, b"{}", {}, 5))
            hidden = await refusal(
                Outbound(PUBLIC_SERVER).post("http://[::ffff:127.0.0.1]:8080/", b"", {}, 5)
            )
        assert stranger.received == []
        assert error.message == f"{stranger.url} could not be reached."
        assert "could not be reached" in hidden.message

    run(work())


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"])
def test_other_spellings_of_loopback_are_loopback(host: str) -> None:
    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            await refusal(Outbound(PUBLIC_SERVER).post(f"http://{host}:{stranger.port}/", b"", {}, 5))
        assert stranger.received == []

    run(work())


def test_an_operators_list_opens_private_addresses() -> None:
    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            outbound = Outbound(Config(host="0.0.0.0", allow_private="127.0.0.0/8"))
            assert (await outbound.post(stranger.url, b"{}", {}, 5)).status == 200

    run(work())


def test_a_name_that_resolves_differently_the_second_time_gains_nothing() -> None:
    """DNS rebinding: the name is resolved once, and the connection goes to what was checked then."""
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            outbound = Outbound(LOCAL, resolver=rebinding)
            url = f"http://rebinding.example:{stranger.port}/hook"
            assert (await outbound.post(url, b"{}", {}, 5)).status == 200
            assert asked == ["rebinding.example"]
            assert stranger.received[0].headers["host"] == f"rebinding.example:{stranger.port}"
            await refusal(outbound.post(url, b"{}", {}, 5))
            assert len(asked) == 2
            assert len(stranger.received) == 1

    run(work())


def test_a_name_with_one_private_address_among_public_ones_is_not_called() -> None:
    async def mixed(_host: str, _port: int) -> list[str]:
        return ["1.1.1.1", "127.0.0.1"]

    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            outbound = Outbound(PUBLIC_SERVER, resolver=mixed)
            await refusal(outbound.post(f"http://mixed.example:{stranger.port}/", b"", {}, 5))
        assert stranger.received == []

    run(work())


def test_a_dead_address_is_passed_over_for_the_names_next_one() -> None:
    async def two(_host: str, _port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            outbound = Outbound(LOCAL, resolver=two)
            assert (await outbound.post(f"http://two.example:{stranger.port}/", b"", {}, 5)).status == 200

    run(work())


def test_proxy_settings_of_the_environment_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with Stranger(answers(502)) as proxy, Stranger(answers(200)) as stranger:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            assert (await Outbound(LOCAL).post(stranger.url, b"{}", {}, 5)).status == 200
            assert proxy.received == []

    run(work())


def test_behind_a_public_address_strangers_call_and_private_addresses_are_out_of_reach() -> None:
    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            proxied = Config(host="127.0.0.1", public_url="https://ai.example.com")
            await refusal(Outbound(proxied).post(stranger.url, b"{}", {}, 5))
            assert stranger.received == []
            allowed = Config(host="127.0.0.1", public_url="https://ai.example.com", allow_private="127.0.0.1")
            assert (await Outbound(allowed).post(stranger.url, b"{}", {}, 5)).status == 200

    run(work())


def test_this_servers_own_public_address_is_not_called() -> None:
    async def work() -> None:
        async with Stranger(answers(200)) as stranger:
            own = Config(public_url=f"http://127.0.0.1:{stranger.port}")
            await refusal(Outbound(own).post(stranger.url, b"{}", {}, 5))
        assert stranger.received == []

    run(work())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/x",
        "file:///etc/passwd",
        "//example.com/x",
        "example.com",
        "http://",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com/a b",
        "http://example.com/\r\nX: 1",
        "https://example.com/" + "x" * 2_048,
        "",
    ],
)
def test_what_is_not_a_plain_web_address_is_refused_by_its_form(url: str) -> None:
    with pytest.raises(Error) as caught:
        check_form(url)
    assert caught.value.code is Code.INVALID_PARAMETER


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com:8080/a?b=c",
        "https://xn--bcher-kva.example/",
        "http://10.0.0.1/",
    ],
)
def test_the_form_alone_says_nothing_about_where_a_url_leads(url: str) -> None:
    check_form(url)


def test_a_refused_connection_tells_nothing_of_this_network() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        error = run(refusal(Outbound(LOCAL).post(url, b"", {}, 5)))
    assert error.message == f"{url} could not be reached."

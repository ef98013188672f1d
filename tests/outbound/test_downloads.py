"""Files of strangers: fetched whole or not at all, over checked hops, within a size and a time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from foretell.config import Config
from foretell.errors import Code
from foretell.outbound import Outbound
from strangers import Received, Stranger, answers, drips, pours, refusal, run

LOCAL = Config()


def redirecting(path_to: dict[str, str]) -> Any:
    async def behave(request: Received, writer: asyncio.StreamWriter) -> None:
        if request.path in path_to:
            await answers(302, headers=f"Location: {path_to[request.path]}\r\n")(request, writer)
        else:
            await answers(200, headers="Content-Type: image/png; x=y\r\n", body=b"picture")(request, writer)

    return behave


def test_a_download_follows_redirects_and_keeps_the_file_under_a_safe_name(tmp_path: Path) -> None:
    async def work() -> None:
        async with Stranger(redirecting({"/hook": "/next", "/next": "/final/../etc/ca%20t"})) as stranger:
            found = await Outbound(LOCAL).download(stranger.url, tmp_path / "file", bytes_max=100, seconds=5)
        assert (found.content_type, found.name, found.size_bytes) == ("image/png", "ca-t.png", 7)
        assert (tmp_path / "file").read_bytes() == b"picture"

    run(work())


def test_each_hop_of_a_download_is_checked(tmp_path: Path) -> None:
    async def resolver(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "allowed.example" else ["169.254.169.254"]

    async def work() -> None:
        async with Stranger(redirecting({"/hook": "http://metadata.example/latest"})) as stranger:
            outbound = Outbound(Config(host="0.0.0.0", allow_private="allowed.example"), resolver=resolver)
            url = f"http://allowed.example:{stranger.port}/hook"
            error = await refusal(outbound.download(url, tmp_path / "file", bytes_max=100, seconds=5))
            assert len(stranger.received) == 1
            assert "could not be reached" in error.message
        async with Stranger(redirecting({"/hook": "file:///etc/passwd"})) as stranger:
            await refusal(Outbound(LOCAL).download(stranger.url, tmp_path / "file", bytes_max=100, seconds=5))

    run(work())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("location", ["//\x80", "http://[bad", "http://a..b/", "http://a:b/"])
def test_a_redirect_to_what_is_no_address_is_an_error_for_the_caller(tmp_path: Path, location: str) -> None:
    async def work() -> None:
        async with Stranger(redirecting({"/hook": location})) as stranger:
            await refusal(Outbound(LOCAL).download(stranger.url, tmp_path / "f", bytes_max=9, seconds=5))

    run(work())


def test_a_download_that_goes_in_circles_is_given_up(tmp_path: Path) -> None:
    async def work() -> None:
        async with Stranger(redirecting({"/hook": "/hook"})) as stranger:
            error = await refusal(
                Outbound(LOCAL).download(stranger.url, tmp_path / "f", bytes_max=9, seconds=5)
            )
            assert "redirects more than 5 times" in error.message
            assert len(stranger.received) == 6

    run(work())


def test_a_download_ends_where_it_becomes_too_large_and_leaves_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        async with Stranger(pours) as stranger:
            work = Outbound(LOCAL).download(stranger.url, tmp_path / "f", bytes_max=100_000, seconds=10)
            assert (await refusal(work)).code is Code.TOO_LARGE

    run(work())
    assert list(tmp_path.iterdir()) == []


def test_a_download_has_a_deadline_and_says_what_a_server_answered(tmp_path: Path) -> None:
    async def work() -> None:
        async with Stranger(drips) as slow, Stranger(answers(404)) as absent:
            late = await refusal(Outbound(LOCAL).download(slow.url, tmp_path / "f", bytes_max=9, seconds=0.3))
            none = await refusal(Outbound(LOCAL).download(absent.url, tmp_path / "f", bytes_max=9, seconds=5))
        assert "did not answer within 0.3 seconds" in late.message
        assert "it answered 404" in none.message

    run(work())


@pytest.mark.parametrize(
    "name", ["a." + "n" * 300, "%E6%BC%A2" * 200 + ".png", "x" * 500 + ".png", ".", "%00"]
)
def test_no_name_is_too_long_for_a_file_system(tmp_path: Path, name: str) -> None:
    async def work() -> None:
        async with Stranger(answers(200, headers="Content-Type: image/png\r\n")) as stranger:
            url = f"{stranger.url.removesuffix('/hook')}/{name}"
            found = await Outbound(LOCAL).download(url, tmp_path / "file", bytes_max=100, seconds=5)
        (tmp_path / f"1000-{found.name}").write_bytes(b"fits")

    run(work())

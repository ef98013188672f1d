"""Official clients that are no packages here: the headers that each sends, and how it reads what comes back."""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from servers import KEY, Foretell, until

NODE = {"user-agent": "node", "accept": "*/*", "accept-language": "*", "sec-fetch-mode": "cors"}
JSON = {"content-type": "application/json"}
EVENTS = {"accept": "text/event-stream"}
SECONDS = 60


def newer_javascript(server: Foretell, *, host: str | None = None) -> httpx.Client:
    """The TypeScript client 1.0.5: both kinds of key, and a content type with every verb."""
    keys = {"x-api-key": KEY, "authorization": f"Bearer {KEY}"}
    return _client(host or server.address, NODE | JSON | keys)


def command_line(server: Foretell) -> httpx.Client:
    """The command line 1.0.3: a content type only where there is a body."""
    return _client(server.address, NODE | {"x-api-key": KEY})


def swift(server: Foretell) -> httpx.Client:
    """The Swift client 1.0.0."""
    agent = {"user-agent": "App/1 CFNetwork/1494.0.7 Darwin/23.4.0", "accept": "*/*"}
    return _client(server.address, agent | JSON | {"x-api-key": KEY})


def curl(server: Foretell) -> httpx.Client:
    """The documents' examples."""
    return _client(server.address, {"user-agent": "curl/8.5.0", "accept": "*/*", "x-api-key": KEY})


def ended(caller: httpx.Client, address: str, *, ends: Iterable[str]) -> dict[str, Any]:
    """The prediction once its status is one of `ends`: a caller who does not know the word polls for ever."""

    def found() -> dict[str, Any] | None:
        body: dict[str, Any] = caller.get(address).json()
        return body if body["status"] in ends else None

    return until(found, about=f"one of {ends}")


def said(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The events of chat and responses as the TypeScript client reads them, from pieces cut anywhere.

    Only lines that begin with exactly `data: ` count. What is not JSON it would skip in silence; here it fails.
    """
    rest = ""
    for text in text_of(chunks):
        *lines, rest = (rest + text).split("\n")
        yield from _said(lines)
    yield from _said([rest])


def text_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """The text of pieces that may be cut within a letter."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    yield from map(decoder.decode, chunks)
    yield decoder.decode(b"", final=True)


def _said(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        text = line.rstrip("\r")
        if text.startswith("data: ") and text != "data: [DONE]":
            yield json.loads(text.removeprefix("data: "))


def _client(address: str, headers: dict[str, str]) -> httpx.Client:
    # What httpx says of itself by default is taken away: a caller is told by what it sends.
    client = httpx.Client(base_url=f"{address}/v1", timeout=SECONDS)
    client.headers = httpx.Headers(headers | {"accept-encoding": "identity"})
    return client

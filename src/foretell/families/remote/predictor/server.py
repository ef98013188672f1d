"""The server that runs the model: how it is asked, what is asked again, and what is said when it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Optional
from urllib.parse import urlsplit

import httpx
from patience import Patience
from refusals import NEVER_AGAIN, Lost, RemoteError, Said, as_error, said
from server_events import ServerEvent, server_events

CONNECT_SECONDS = 10.0
CONNECTIONS_MAX = 1000
BODY_BYTES_MAX = 64 * 1024 * 1024
RETRY_AFTER_SECONDS_MAX = 60.0
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""After these the server has heard nothing."""
BUSY = (429, 503)
PASSING = (500, 502, 504)
"""Statuses after which what may be repeated is repeated."""


@dataclass(frozen=True)
class Ask:
    """One request. `is_repeatable`: to send it twice does no more than to send it once.

    `waits_for_room`: 409 says that the server is busy. `may_be_silent`: the answer comes at the end of the run, and
    nothing before it.
    """

    method: str
    path: str
    json: Optional[Any] = None
    form: Optional[Mapping[str, Any]] = None
    files: Optional[Any] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_repeatable: bool = False
    waits_for_room: bool = False
    may_be_silent: bool = False


@dataclass(frozen=True)
class Told:
    """An answer: `events` as they come, or where there are none the whole as `json`."""

    status: int
    events: Optional[AsyncIterator[ServerEvent]]
    json: Any = None


class Server:
    """Made by a model's `setup`, from its settings; the key is sent to this server and nowhere else."""

    def __init__(self, settings: ModuleType) -> None:
        self.url: str = settings.URL.rstrip("/")
        self.place = urlsplit(self.url).netloc.rpartition("@")[2]
        self.patience_seconds = float(settings.PATIENCE_SECONDS)
        self._variable: str = settings.KEY_VARIABLE
        self._key = os.environ.get(self._variable, "").strip() if self._variable else ""
        self._room_seconds = float(settings.ROOM_SECONDS)
        self.silence_seconds = float(settings.SILENCE_SECONDS)
        self.client = httpx.AsyncClient(
            headers=_authority(settings.KEY_HEADER, self._key),
            timeout=_timeout(self.silence_seconds),
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=32),
            follow_redirects=False,
        )

    async def json(self, ask: Ask) -> Any:
        """The answer's JSON. Raises RemoteError and InputTooLong."""
        async with self.opened(ask) as answer:
            return self._parsed(await self.body(answer))

    async def body(self, answer: httpx.Response) -> bytes:
        """All of an answer. Raises RemoteError when it is too long, or is cut off."""
        found = bytearray()
        try:
            async for piece in answer.aiter_bytes():
                found += piece
                if len(found) > BODY_BYTES_MAX:
                    raise RemoteError(
                        f"The server at {self.place} answered more than {BODY_BYTES_MAX:,} bytes."
                    )
        except httpx.TransportError as error:
            raise self.lost(error) from error
        return bytes(found)

    @asynccontextmanager
    async def told(self, ask: Ask) -> AsyncIterator[Told]:
        """The answer, whether it comes in events or as a whole. Raises RemoteError and InputTooLong."""
        async with self.opened(ask) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                yield Told(answer.status_code, None, self._parsed(await self.body(answer)))
                return
            async with aclosing(self._heard(answer)) as events:
                yield Told(answer.status_code, events)

    @asynccontextmanager
    async def opened(self, ask: Ask) -> AsyncIterator[httpx.Response]:
        """The answer, its body not read yet. Raises RemoteError and InputTooLong."""
        answer = await self._sent(ask)
        try:
            yield answer
        finally:
            await answer.aclose()

    def lost(self, error: httpx.TransportError) -> Lost:
        """What is said when the connection does not come about, or breaks."""
        if isinstance(error, httpx.ReadTimeout):
            return Lost(f"The server at {self.place} has said nothing for too long.")
        why = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, UNSENT):
            return Lost(f"The server at {self.place} cannot be reached: {self.without_key(why)}")
        return Lost(f"The connection to the server at {self.place} was lost: {self.without_key(why)}")

    def failed(self, what: Said) -> ValueError:
        """What is said of a run that failed there."""
        return as_error(self.place, self._clean(what), doing="failed to run it")

    def without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text

    async def _heard(self, answer: httpx.Response) -> AsyncIterator[ServerEvent]:
        try:
            async for event in server_events(answer.aiter_bytes()):
                yield event
        except httpx.TransportError as error:
            raise self.lost(error) from error

    def _parsed(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError as error:
            raise RemoteError(f"The server at {self.place} answered something that is not JSON.") from error

    async def _sent(self, ask: Ask) -> httpx.Response:
        patience = Patience(self.patience_seconds)
        for_room = Patience(self._room_seconds)
        while True:
            try:
                answer = await self.client.send(self._request(ask), stream=True)
            except httpx.TransportError as error:
                may_repeat = isinstance(error, UNSENT) or ask.is_repeatable
                if not may_repeat or not await patience.wait():
                    raise self.lost(error) from error
                continue
            if answer.is_success:
                return answer
            what = await self._said(answer)
            has_no_room = answer.status_code == 409 and ask.waits_for_room
            is_passing = _is_passing(answer.status_code, what, ask)
            if has_no_room and await for_room.wait():
                continue
            if is_passing and await patience.wait(_retry_after(answer)):
                continue
            raise self._refusal(answer, what)

    def _request(self, ask: Ask) -> httpx.Request:
        return self.client.build_request(
            ask.method,
            self.url + ask.path,
            json=ask.json,
            data=ask.form,
            files=ask.files,
            headers=ask.headers,
            timeout=_timeout(None if ask.may_be_silent else self.silence_seconds),
        )

    async def _said(self, answer: httpx.Response) -> Said:
        try:
            return self._clean(said(await self.body(answer)))
        except RemoteError:
            return Said("", "")
        finally:
            await answer.aclose()

    def _refusal(self, answer: httpx.Response, what: Said) -> ValueError:
        status = answer.status_code
        if answer.is_redirect:
            where = self.without_key(answer.headers.get("location", "elsewhere"))
            return RemoteError(f"The server at {self.place} sends one to {where}: connect to that address.")
        if status in (401, 403):
            look = f"Look at the variable {self._variable}." if self._variable else "It wants a key."
            return RemoteError(f"The server at {self.place} refused the key ({status}): {what}. {look}")
        doing = f"answered {status}" if not (what.code or what.sentence) else f"refused it ({status})"
        return as_error(self.place, what, doing=doing)

    def _clean(self, what: Said) -> Said:
        return Said(self.without_key(what.code), self.without_key(what.sentence).rstrip("."))


def _timeout(silence_seconds: Optional[float]) -> httpx.Timeout:
    return httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS, pool=None)


def _authority(header: str, key: str) -> dict[str, str]:
    if not key:
        return {}
    return {header: f"Bearer {key}" if header.lower() == "authorization" else key}


def _is_passing(status: int, what: Said, ask: Ask) -> bool:
    if what.code in NEVER_AGAIN:
        return False
    return status in BUSY or (status in PASSING and ask.is_repeatable)


def _retry_after(answer: httpx.Response) -> Optional[float]:
    """The seconds that the server asks to wait, where it says so in seconds."""
    try:
        return min(max(0.0, float(answer.headers.get("retry-after", ""))), RETRY_AFTER_SECONDS_MAX)
    except ValueError:
        return None

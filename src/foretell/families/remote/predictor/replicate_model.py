"""A model of the Replicate service: each run is a prediction there, followed to its end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import settings
from cog import BasePredictor, current_scope
from leaving import said_there
from refusals import RemoteError, Said
from remote_files import Downloads, as_data_uri, is_file, media_type, origin_of, with_files_sent
from server import CONNECT_SECONDS, Ask, Server
from server_events import ServerEvent, server_events

from foretell import metric

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text())
EVENTS = {"accept": "text/event-stream", "cache-control": "no-store"}
INLINE_BYTES_MAX = 256 * 1024
POLL_SECONDS, POLL_SECONDS_MAX = 0.5, 5.0
FINAL = ("succeeded", "failed", "canceled", "aborted")
CONFIRMS_MAX = 100


class Model(BasePredictor):
    """One that answers when it is done."""

    async def setup(self) -> None:
        self.service = Service()

    async def predict(self, **given: Any) -> Any:
        async with self.service.prediction(given) as run:
            return await run.result()


class StreamingModel(BasePredictor):
    """One that answers piece by piece."""

    async def setup(self) -> None:
        self.service = Service()

    async def predict(self, **given: Any) -> AsyncIterator[Any]:
        async with self.service.prediction(given) as run:
            async with aclosing(run.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
            found = await run.result()
            if not run.has_given:
                for piece in found if isinstance(found, list) else [found]:
                    yield piece


class Service:
    """The service, and how predictions are made there."""

    def __init__(self) -> None:
        self.server = Server(settings)

    @asynccontextmanager
    async def prediction(self, given: dict[str, Any]) -> AsyncIterator["Following"]:
        """A prediction there; it is canceled there when it is left before its end."""
        creating = asyncio.ensure_future(self._created(given))
        try:
            made = await asyncio.shield(creating)
        except asyncio.CancelledError:
            await said_there(self._left_early(creating))
            raise
        print(f"Runs at {self.server.place} as prediction {made['id']}.")
        downloads = Downloads(self.server, current_scope().folder, settings.FILE_HOSTS)
        run = Following(self.server, made, downloads)
        try:
            yield run
        finally:
            if not run.is_over:
                await said_there(self._left(made["id"]))

    async def _created(self, given: dict[str, Any]) -> dict[str, Any]:
        body = {
            "input": await with_files_sent(given, SCHEMA["input"], self._sent),
            "stream": settings.STREAMS,
        }
        path = "/predictions"
        if settings.VERSION:
            body["version"] = settings.VERSION
        else:
            path = f"/models/{settings.MODEL}/predictions"
        found: dict[str, Any] = await self.server.json(Ask("POST", path, body))
        if not isinstance(found.get("id"), str):
            raise RemoteError(f"The server at {self.server.place} answered something that is no prediction.")
        return found

    async def _sent(self, path: Path) -> str:
        if (await asyncio.to_thread(path.stat)).st_size <= INLINE_BYTES_MAX:
            return await as_data_uri(path)
        data = await asyncio.to_thread(path.read_bytes)
        files = {"content": (path.name, data, media_type(path))}
        made = await self.server.json(Ask("POST", "/files", files=files))
        return str(made["urls"]["get"])

    async def _left_early(self, creating: "asyncio.Future[dict[str, Any]]") -> None:
        await self._left((await creating)["id"])

    async def _left(self, prediction_id: str) -> None:
        """Cancels it there, and sees that it is."""
        path = f"/predictions/{prediction_id}"
        try:
            await self.server.json(Ask("POST", f"{path}/cancel", is_repeatable=True))
        except RemoteError as error:
            print(error)
        for _ in range(CONFIRMS_MAX):
            found = await self.server.json(Ask("GET", path, is_repeatable=True))
            if found.get("status") in FINAL:
                _count(found)
                return
            await asyncio.sleep(POLL_SECONDS)


class Following:
    """One prediction there. `is_over`: it has ended there."""

    def __init__(self, server: Server, made: dict[str, Any], downloads: Downloads) -> None:
        self.is_over = False
        self.has_given = False
        self._server = server
        self._path = f"/predictions/{made['id']}"
        self._stream = str((made.get("urls") or {}).get("stream") or "")
        self._downloads = downloads
        self._logged = 0

    async def pieces(self) -> AsyncIterator[Any]:
        """What it says as it comes; nothing where there is no stream, or it breaks before anything was said."""
        if origin_of(self._stream) is None:
            return
        async with aclosing(self._events()) as events:
            async for event in events:
                if event.name in ("done", "error"):
                    return
                if event.name == "output":
                    self.has_given = True
                    yield await self._piece(event.data)

    async def result(self) -> Any:
        """What it has given, once it has ended, its files fetched. Raises RemoteError when it failed."""
        pause = POLL_SECONDS
        while True:
            found = await self._server.json(Ask("GET", self._path, is_repeatable=True))
            self._log(found.get("logs") or "")
            if found.get("status") in FINAL:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, POLL_SECONDS_MAX)
        self.is_over = True
        _count(found)
        if found["status"] == "failed":
            raise self._server.failed(Said("", str(found.get("error") or "")))
        if found["status"] != "succeeded":
            raise RemoteError(f"The prediction was canceled at {self._server.place}.")
        return await self._downloads.replaced(found.get("output"), _is_address)

    async def _events(self) -> AsyncIterator[ServerEvent]:
        # The address is all that one needs: it is another host's, and no key goes there.
        timeout = httpx.Timeout(self._server.silence_seconds, connect=CONNECT_SECONDS)
        try:
            async with httpx.AsyncClient(timeout=timeout, headers=EVENTS) as client:
                async for event in _streamed(client, self._stream):
                    yield event
        except httpx.HTTPError as error:
            if self.has_given:
                place = urlsplit(self._stream).netloc
                raise RemoteError(f"The stream from {place} was lost: {error!r}") from error

    async def _piece(self, text: str) -> Any:
        return await self._downloads.fetched(text) if _is_address(text) else text

    def _log(self, whole: str) -> None:
        print(whole[self._logged :], end="")
        self._logged = len(whole)


async def _streamed(client: httpx.AsyncClient, address: str) -> AsyncIterator[ServerEvent]:
    async with client.stream("GET", address) as answer:
        answer.raise_for_status()
        async for event in server_events(answer.aiter_bytes()):
            yield event


def _is_address(text: str) -> bool:
    is_any = not SCHEMA["output"]
    return (is_any or is_file(SCHEMA["output"])) and text.startswith(("https://", "http://", "data:"))


def _count(prediction: dict[str, Any]) -> None:
    metrics = prediction.get("metrics") or {}
    named = {"input_token_count": "tokens_in", "output_token_count": "tokens_out"}
    for name, value in metrics.items():
        if name not in ("predict_time", "total_time") and isinstance(value, (int, float)):
            metric(named.get(name, name), value)

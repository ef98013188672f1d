"""A model in a Cog container, over HTTP: each run is a prediction there, under the id that it has here."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import settings
from cog import BasePredictor, current_scope
from leaving import said_there
from refusals import RemoteError, Said
from remote_files import Downloads, as_data_uri, is_file, with_files_sent
from server import Ask, Server, Told
from server_events import ServerEvent

from foretell import metric

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text())
CANCEL_SECONDS, CANCELS_MAX = 0.2, 100


class Model(BasePredictor):
    """One that answers when it is done."""

    async def setup(self) -> None:
        self.container = Container()

    async def predict(self, **given: Any) -> Any:
        async with self.container.prediction(given) as run:
            async with aclosing(run.pieces()) as pieces:
                async for _ in pieces:
                    pass
            return await run.result()


class StreamingModel(BasePredictor):
    """One that answers piece by piece."""

    async def setup(self) -> None:
        self.container = Container()

    async def predict(self, **given: Any) -> AsyncIterator[Any]:
        async with self.container.prediction(given) as run:
            async with aclosing(run.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
            if not run.has_given:
                for piece in await run.result() or []:
                    yield piece


class Container:
    """The Cog server."""

    def __init__(self) -> None:
        self.server = Server(settings)

    @asynccontextmanager
    async def prediction(self, given: dict[str, Any]) -> AsyncIterator["Following"]:
        """A prediction there; it is canceled there when it is left before its end."""
        scope = current_scope()
        body = {"input": await with_files_sent(given, SCHEMA["input"], as_data_uri)}
        downloads = Downloads(self.server, scope.folder, settings.FILE_HOSTS)
        run = Following(self.server, f"/predictions/{scope.run_id}", body, downloads)
        try:
            yield run
        finally:
            if not run.is_over:
                await said_there(run.canceled())


class Following:
    """One prediction there, from its request to its end. The server cancels it when the connection breaks."""

    def __init__(self, server: Server, path: str, body: dict[str, Any], downloads: Downloads) -> None:
        self.is_over = False
        self.has_given = False
        self._server = server
        self._path = path
        self._body = body
        self._downloads = downloads
        self._final: dict[str, Any] = {}

    async def pieces(self) -> AsyncIterator[Any]:
        """What it gives, piece by piece, where the model streams. Raises RemoteError when it fails."""
        async with self._begun() as answer:
            if answer.events is None:
                print(answer.json.get("logs") or "", end="")
                self._end(answer.json)
                return
            async for event in answer.events:
                for piece in await self._heard(event):
                    self.has_given = True
                    yield piece

    async def result(self) -> Any:
        """What it has given, its files fetched."""
        if not self._final:
            raise RemoteError(f"The answer from {self._server.place} ends before its end.")
        return await self._fetched(self._final.get("output"))

    async def canceled(self) -> None:
        """Cancels it there, until the server does not know it any more, or is not there."""
        for _ in range(CANCELS_MAX):
            try:
                answer = await self._server.client.post(f"{self._server.url}{self._path}/cancel")
            except httpx.TransportError:
                return
            if answer.status_code == httpx.codes.NOT_FOUND:
                return
            await asyncio.sleep(CANCEL_SECONDS)

    def _ask(self) -> Ask:
        return Ask(
            "PUT",
            self._path,
            self._body,
            headers={"accept": "text/event-stream"} if settings.STREAMS else {},
            is_repeatable=True,
            waits_for_room=True,
            may_be_silent=not settings.STREAMS,
        )

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[Told]:
        while True:
            # An earlier attempt's may still go on: its listener is gone, and so it is being canceled anyway.
            await self.canceled()
            async with self._server.told(self._ask()) as answer:
                if answer.status != httpx.codes.ACCEPTED:
                    yield answer
                    return

    async def _heard(self, event: ServerEvent) -> list[Any]:
        data = event.json()
        if event.name == "output":
            return [await self._fetched(data.get("chunk"))]
        if event.name == "log":
            stream = sys.stderr if data.get("source") == "stderr" else sys.stdout
            print(data.get("data", ""), end="", file=stream)
        elif event.name == "metric":
            _count(str(data.get("name")), data.get("value"))
        elif event.name == "error":
            raise RemoteError(f"The stream from {self._server.place} has a gap: {data.get('error')}")
        elif event.name == "completed":
            self._end(data)
        return []

    def _end(self, whole: dict[str, Any]) -> None:
        self.is_over, self._final = True, whole
        for name, value in (whole.get("metrics") or {}).items():
            _count(name, value)
        status = whole.get("status")
        if status == "canceled":
            raise RemoteError(f"The prediction was canceled at {self._server.place}.")
        if status != "succeeded":
            raise self._server.failed(Said("", str(whole.get("error") or "")))

    async def _fetched(self, value: Any) -> Any:
        return await self._downloads.replaced(value, _is_address)


def _is_address(text: str) -> bool:
    return is_file(SCHEMA["output"]) and text.startswith(("http://", "https://", "data:"))


def _count(name: str, value: Any) -> None:
    # How long it takes is measured here.
    if name != "predict_time" and isinstance(value, (int, float)):
        metric(name, value)

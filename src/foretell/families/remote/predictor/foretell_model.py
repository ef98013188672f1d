"""A model of another Foretell, or of the Skytells service: each run is a prediction there, followed to its end."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import settings
from cog import BasePredictor, current_scope
from leaving import said_there
from patience import Patience
from refusals import Lost, RemoteError, Said
from remote_files import Downloads, is_file, with_files_sent
from server import Ask, Server
from server_events import ServerEvent
from uploads import Uploads

from foretell import delta, metric, preview, progress

SCHEMA = json.loads(Path(__file__).with_name("schema.json").read_text())
POLL_SECONDS, POLL_SECONDS_MAX = 1.0, 5.0
CONFIRM_SECONDS, CONFIRMS_MAX = 0.1, 200
FINAL = ("succeeded", "failed", "canceled", "cancelled")
OWN_METRICS = (
    "predict_time",
    "total_time",
    "queue_time",
    "load_time",
    "cpu_time",
    "memory_peak_mb",
    "gpu_memory_peak_mb",
    "asset_count",
    "image_count",
    "video_count",
    "progress",
)
"""What is counted here as well, for what happens here."""


class Model(BasePredictor):
    """One that answers when it is done."""

    async def setup(self) -> None:
        self.elsewhere = Elsewhere()

    async def predict(self, **given: Any) -> Any:
        async with self.elsewhere.prediction(given) as run:
            async with aclosing(run.pieces()) as pieces:
                async for _ in pieces:
                    pass
            return await run.result()


class StreamingModel(BasePredictor):
    """One that answers piece by piece."""

    async def setup(self) -> None:
        self.elsewhere = Elsewhere()

    async def predict(self, **given: Any) -> AsyncIterator[Any]:
        async with self.elsewhere.prediction(given) as run:
            async with aclosing(run.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
            if not run.has_given:
                for piece in await run.all_pieces():
                    yield piece


class Elsewhere:
    """The other server, and how predictions are made there."""

    def __init__(self) -> None:
        self.server = Server(settings)

    @asynccontextmanager
    async def prediction(self, given: dict[str, Any]) -> AsyncIterator["Following"]:
        """A prediction there; it is canceled there when it is left before its end."""
        scope = current_scope()
        uploads = Uploads(self.server, scope.run_id, is_possible=settings.UPLOADS)
        creating = asyncio.ensure_future(self._created(given, scope.run_id, uploads))
        try:
            made = await asyncio.shield(creating)
        except asyncio.CancelledError:
            await said_there(self._left_early(creating))
            raise
        print(f"Runs at {self.server.place} as prediction {made['id']}.")
        run = Following(self.server, made["id"], Downloads(self.server, scope.folder, settings.FILE_HOSTS))
        try:
            yield run
        finally:
            if not run.is_over:
                await said_there(self._left(made["id"]))
            if uploads.made:
                await said_there(uploads.removed())

    async def _created(self, given: dict[str, Any], run_id: str, uploads: Uploads) -> dict[str, Any]:
        body = {
            "model": settings.MODEL,
            "input": await with_files_sent(given, SCHEMA["input"], uploads.sent),
            "stream": settings.STREAMS,
        }
        # Another attempt of the same run finds the prediction of the first.
        headers = {"idempotency-key": f"foretell-{run_id}"}
        found: dict[str, Any] = await self.server.json(
            Ask("POST", "/v1/predictions", body, headers=headers, is_repeatable=settings.IDEMPOTENT)
        )
        if not isinstance(found.get("id"), str):
            raise RemoteError(f"The server at {self.server.place} answered something that is no prediction.")
        return found

    async def _left_early(self, creating: "asyncio.Future[dict[str, Any]]") -> None:
        await self._left((await creating)["id"])

    async def _left(self, prediction_id: str) -> None:
        """Cancels it there, and sees that it is."""
        path = f"/v1/predictions/{prediction_id}"
        try:
            await self.server.json(Ask("POST", f"{path}/cancel", is_repeatable=True))
        except RemoteError as error:
            print(error)
        for _ in range(CONFIRMS_MAX):
            found = await self.server.json(Ask("GET", path, is_repeatable=True))
            metrics = found.get("metrics") or {}
            # What was used is known only once the model there has stopped.
            if found.get("status") in FINAL and ("predict_time" in metrics or not found.get("started_at")):
                _count(found)
                return
            await asyncio.sleep(CONFIRM_SECONDS)


class Following:
    """One prediction there, while it is followed. `is_over`: it has ended there."""

    def __init__(self, server: Server, prediction_id: str, downloads: Downloads) -> None:
        self.is_over = False
        self.has_given = False
        self._server = server
        self._path = f"/v1/predictions/{prediction_id}"
        self._downloads = downloads
        self._last_id = ""
        self._lost = Lost("")
        self._failure = Said("", "")
        self._final: dict[str, Any] = {}

    async def pieces(self) -> AsyncIterator[Any]:
        """What it gives, piece by piece, for a model that streams. Raises RemoteError when it fails there."""
        async with aclosing(self._events()) as events:
            async for event in events:
                for piece in await self._heard(event):
                    self.has_given = True
                    yield piece

    async def result(self) -> Any:
        """What it has given, its files fetched."""
        files = {each.get("url") for each in self._stored()}
        found = self._final.get("result", self._final.get("output"))
        return await self._downloads.replaced(found, lambda text: self._is_file(text, files))

    async def all_pieces(self) -> list[Any]:
        """The same as pieces, of which there is one where it is no list."""
        found = await self.result()
        return found if isinstance(found, list) else [found]

    async def _heard(self, event: ServerEvent) -> list[Any]:
        data = event.json()
        if event.name == "output" and settings.STREAMS:
            return [await self._piece(data.get("value"))]
        if event.name == "restarted" and self.has_given:
            message = "was begun anew there after a part of its output had been given"
            raise RemoteError(f"The prediction at {self._server.place} {message}.")
        if event.name == "error":
            self._failure = Said(str(data.get("code", "")), str(data.get("message", "")))
        elif event.name == "done":
            self.is_over, self._final = True, data
            self._check()
            _count(data)
        else:
            _passed(event.name, data)
        return []

    async def _piece(self, value: Any) -> Any:
        if isinstance(value, str) and not is_file(SCHEMA["output"]):
            return value
        return await self._downloads.replaced(value, lambda text: self._is_file(text, set()))

    def _is_file(self, text: str, known: set[Any]) -> bool:
        if not text.startswith(("http://", "https://", "data:")):
            return False
        own = f"{self._server.url}/files/"
        return text in known or text.startswith(own) or is_file(SCHEMA["output"])

    def _stored(self) -> list[dict[str, Any]]:
        found = ((self._final.get("metadata") or {}).get("storage") or {}).get("files") or []
        return [each for each in found if isinstance(each, dict)]

    def _check(self) -> None:
        """Raises RemoteError unless it has succeeded."""
        status = self._final.get("status")
        if status == "succeeded":
            return
        if status in ("canceled", "cancelled"):
            raise RemoteError(f"The prediction was canceled at {self._server.place}.")
        code = self._failure.code or str(self._final.get("error_id") or "")
        sentence = self._failure.sentence or str(
            self._final.get("error") or self._final.get("response") or ""
        )
        raise self._server.failed(Said(code, sentence))

    async def _events(self) -> AsyncIterator[ServerEvent]:
        """To the end, over as many connections as it takes."""
        patience = Patience(self._server.patience_seconds)
        while not self.is_over:
            async with aclosing(self._connection()) as events:
                async for event in events:
                    patience.renew()
                    yield event
            if not self.is_over and not await patience.wait():
                raise self._lost

    async def _connection(self) -> AsyncIterator[ServerEvent]:
        """What one connection brings; by asking now and then where there is no stream. What broke it is kept."""
        headers = {"accept": "text/event-stream"} | (
            {"last-event-id": self._last_id} if self._last_id else {}
        )
        ask = Ask("GET", f"{self._path}/stream", headers=headers, is_repeatable=True)
        self._lost = Lost(f"The stream from {self._server.place} ends before its end.")
        try:
            async with self._server.told(ask) as answer:
                async for event in answer.events or self._polled():
                    self._last_id = event.id or self._last_id
                    yield event
        except Lost as error:
            self._lost = error

    async def _polled(self) -> AsyncIterator[ServerEvent]:
        pause = POLL_SECONDS
        while True:
            found = await self._server.json(Ask("GET", self._path, is_repeatable=True))
            advanced = {"progress": (found.get("metrics") or {}).get("progress", 0)}
            steps = (found.get("metadata") or {}).get("progress") or {}
            yield ServerEvent("progress", json.dumps({**advanced, **steps}), "")
            if found.get("status") in FINAL:
                yield ServerEvent("done", json.dumps(found), "")
                return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, POLL_SECONDS_MAX)


def _passed(name: str, data: dict[str, Any]) -> None:
    """Says here what the prediction says there beside its output."""
    if name == "log":
        stream = sys.stderr if data.get("source") == "stderr" else sys.stdout
        print(data.get("text", ""), end="", file=stream)
    elif name == "progress":
        _advanced(data)
    elif name == "delta":
        delta(data.get("delta") or {})
    elif name == "preview":
        preview(base64.b64decode(str(data.get("image", "")).partition(",")[2]))


def _advanced(data: dict[str, Any]) -> None:
    share = float(data.get("progress", 0)) / 100
    try:
        progress(data["done"], data["of"], unit=data["unit"], share=share)
    except (KeyError, TypeError, ValueError):
        progress(share)  # counts no steps, or in a way that is not known here


def _count(prediction: dict[str, Any]) -> None:
    """The numbers that the model has counted, and what the run cost there."""
    for name, value in (prediction.get("metrics") or {}).items():
        if name not in OWN_METRICS and isinstance(value, (int, float)):
            metric(name, value)
    billing = (prediction.get("metadata") or {}).get("billing") or {}
    if billing.get("credits_used"):
        metric("remote_credits_used", billing["credits_used"])

"""Follows a prediction to its end on the terminal: what it waits for, how far it is, the text as it comes."""

import json
import sys
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from foretell.cli.connection import Connection, refusal
from foretell.cli.printing import notes
from foretell.cli.saying import harmless

SILENCE_SECONDS = 60.0
"""A stream says something at least each 15 s; after this long without a word it counts as dead."""
LOG_PIECES = 50
"""How much of a log is kept: each is what the model wrote at once."""
LOG_LINES = 20


class Follower:
    """A bar on standard error, and a text's pieces on standard output as they come."""

    def __init__(self, *, quiet: bool = False, text: bool = False) -> None:
        self.wrote_text = False
        self._text = text and not quiet
        self._log: deque[str] = deque(maxlen=LOG_PIECES)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[share]}", markup=False),
            TimeElapsedColumn(),
        )
        self._progress = Progress(
            *columns, console=notes, transient=True, disable=quiet or not notes.is_terminal
        )
        self._bar: TaskID = self._progress.add_task("starting", total=None, share="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        if self.wrote_text:
            print(flush=True)

    async def follow(self, server: Connection, prediction_id: str) -> dict[str, Any]:
        """The prediction at its end. A stream that breaks off is taken up again where it was."""
        seen = ""
        while True:
            try:
                async for event in events(server, prediction_id, after=seen):
                    seen = event.id or seen
                    self._show(event)
            except httpx.TransportError:
                pass
            prediction: dict[str, Any] = await server.get(f"/v1/predictions/{prediction_id}")
            if prediction["completed_at"]:
                return prediction

    def tell_log(self, prediction: dict[str, Any]) -> None:
        """The end of a failure's log, with the traceback of what was raised."""
        lines = harmless("".join(self._log)).splitlines()[-LOG_LINES:]
        # Where the setup failed, the error itself ends with its log.
        if prediction["status"] == "failed" and prediction["error_id"] != "setup_failed" and lines:
            notes.print("\n".join(("The end of its log:", *lines)))

    def _show(self, event: "ServerEvent") -> None:
        match event.name:
            case "output":
                self._write(event.data)
            case "progress":
                self._advance(event.data)
            case "log":
                self._log.append(str(event.data.get("text", "")))
            case "restarted":
                self._log.clear()
            case "status":
                words = event.data.get("phase") or event.data.get("status") or "running"
                self._progress.update(self._bar, description=str(words))
            case _:
                pass

    def _advance(self, data: dict[str, Any]) -> None:
        share = float(data.get("progress") or 0.0)
        words = counted(data) or f"{share:.0f} %"
        self._progress.update(self._bar, total=100, completed=share, share=words)

    def _write(self, data: dict[str, Any]) -> None:
        piece = data.get("value", data.get("text"))
        if not self._text or not isinstance(piece, str):
            return
        self._progress.stop()
        sys.stdout.write(piece)
        sys.stdout.flush()
        self.wrote_text = True


def counted(said: dict[str, Any]) -> str:
    """Its steps in words; "" where the model does not count them."""
    if not said.get("of"):
        return ""
    return harmless(f"{said.get('unit') or 'step'} {said.get('done') or 0:,.10g} of {said['of']:,.10g}")


class ServerEvent:
    """One event of a stream: its id, its name, its JSON."""

    def __init__(self) -> None:
        self.id = ""
        self.name = "message"
        self.text = ""

    @property
    def data(self) -> dict[str, Any]:
        value = json.loads(self.text)
        return value if isinstance(value, dict) else {"value": value}


async def events(server: Connection, prediction_id: str, *, after: str = "") -> AsyncIterator[ServerEvent]:
    """The events of a prediction's stream after the one with id `after`, until it ends."""
    headers = {"accept": "text/event-stream"} | ({"last-event-id": after} if after else {})
    path = f"/v1/predictions/{prediction_id}/stream"
    async with server.client.stream("GET", path, headers=headers, timeout=SILENCE_SECONDS) as answer:
        if answer.is_error:
            await answer.aread()
            raise refusal(answer)
        event = ServerEvent()
        async for line in answer.aiter_lines():
            if not line and event.text:
                yield event
                event = ServerEvent()
            _read(line, event)


def _read(line: str, event: ServerEvent) -> None:
    name, _, value = line.partition(":")
    value = value.removeprefix(" ")
    match name:
        case "id":
            event.id = value
        case "event":
            event.name = value
        case "data":
            event.text += value
        case _:
            pass

"""What an attempt says to those who follow it: log, output, progress and more, numbered, capped, in order."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

from foretell.errors import Error
from foretell.event import Event, Kind
from foretell.node.surroundings import Surroundings
from foretell.prediction import Hold, Phase, Steps
from foretell.secret import Curtain

NOTE_SECONDS = 0.25
"""A row's progress is written no more often than this."""


class Voice:
    """One attempt's. `progress` is a percentage that never falls; `curtain` hides secrets in what it says.

    `steps`: how many are done, where the model counts them.
    """

    def __init__(self, hold: Hold, surroundings: Surroundings) -> None:
        self.progress = 0.0
        self.steps: Steps | None = None
        self.curtain: Curtain | None = None
        self._hold = hold
        self._surroundings = surroundings
        self._sequence = 0
        self._has_shown = False
        self._left_bytes = surroundings.config.log_bytes_max
        self._dropped_bytes = 0
        self._noted_seconds = 0.0
        self._noting: asyncio.Task[None] | None = None

    def log(self, source: str, text: str) -> None:
        """What goes beyond the cap is counted, not kept."""
        if self.curtain is not None:
            text = self.curtain.piece(source, text)
        self._log(source, text)

    def hidden(self, text: str) -> str:
        """The text as it may be shown."""
        return text if self.curtain is None else self.curtain.whole(text)

    def _log(self, source: str, text: str) -> None:
        size = len(text.encode("utf-8", "replace"))
        if size > self._left_bytes:
            kept = text.encode("utf-8", "replace")[: self._left_bytes].decode("utf-8", "ignore")
            self._dropped_bytes += size - self._left_bytes
            text, size = kept, self._left_bytes
        self._left_bytes -= size
        if text:
            self._say(Kind.LOG, {"source": source, "text": text})

    def outputs(self, values: Sequence[Any]) -> None:
        """What was yielded, each an event of its own."""
        self._say(Kind.OUTPUT, *({"value": each} for each in values))

    def delta(self, delta: dict[str, Any]) -> None:
        self._say(Kind.DELTA, {"delta": delta})

    def preview(self, image: str) -> None:
        """`image` is a `data:` URI. The newest alone is kept; `forget_previews` when the run is over."""
        self._has_shown = True
        self._say(Kind.PREVIEW, {"image": image})

    async def forget_previews(self) -> None:
        """Nothing of an unfinished picture stays when there is a finished one, or never will be."""
        if self._has_shown:
            await self._surroundings.store.forget_previews(self._hold.prediction_id)

    def advance(self, fraction: float, steps: Steps | None = None) -> None:
        """The run is that far, from 0 to 1; what is no further than before is not told."""
        percent = round(100 * min(1.0, max(0.0, fraction)), 2)
        has_more = steps is not None and steps.is_after(self.steps)
        if percent < self.progress or (percent == self.progress and not has_more):
            return
        self.progress = percent
        if has_more and steps is not None:
            self.steps = steps if self.hidden(steps.unit) == steps.unit else Steps(steps.done, steps.of)
        self._say(Kind.PROGRESS, {"progress": percent} | ({} if self.steps is None else self.steps.told()))
        now_seconds = time.monotonic()
        is_noting = self._noting is not None and not self._noting.done()
        if not is_noting and now_seconds - self._noted_seconds >= NOTE_SECONDS:
            self._noted_seconds = now_seconds
            self._noting = asyncio.create_task(self._note(percent))

    async def end(self) -> None:
        """Says what was left out, and waits for what is being written."""
        for source, text in (self.curtain.rest() if self.curtain is not None else {}).items():
            self._log(source, text)
        if self._dropped_bytes:
            line = f"\n… {self._dropped_bytes} bytes dropped\n"
            self._dropped_bytes = 0
            self._say(Kind.LOG, {"source": "stderr", "text": line})
        if self._noting is not None:
            await asyncio.wait({self._noting})

    async def _note(self, percent: float) -> None:
        # Those who follow have heard it; the row is told the next one, or the end.
        with contextlib.suppress(Error):
            await self._surroundings.store.note(
                self._hold, phase=Phase.RUNNING, progress=percent, steps=self.steps
            )

    def _say(self, kind: Kind, *data: dict[str, Any]) -> None:
        prediction_id, attempt = self._hold.prediction_id, self._hold.attempt
        first, at = self._sequence + 1, self._surroundings.clock()
        self._sequence += len(data)
        self._surroundings.store.say(
            *(
                Event(prediction_id, attempt, sequence, kind, each, at)
                for sequence, each in enumerate(data, first)
            )
        )

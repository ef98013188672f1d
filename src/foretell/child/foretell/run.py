"""One run, from its frame to its last frame."""

from __future__ import annotations

import os
import time
from typing import Any, Optional

from . import failure, meter
from .handover import Handover
from .link import FRAME_BYTES_MAX, Frame, FrameTooLarge, encoded, encoded_done
from .outbox import Outbox
from .output import BadOutput, Output, TooLarge
from .scope import Scope

_yield_processor = getattr(os, "sched_yield", lambda: None)


class BatchRaised(Exception):
    """The call for several runs has raised `error`, and whose fault that is cannot be told."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class Run:
    """A run that was asked for. `item` is the type that each of its outputs must have."""

    def __init__(self, frame: Frame, outbox: Outbox, item: Any) -> None:
        self.id: str = frame["id"]
        self.input: dict[str, Any] = frame["input"]
        self.scope = Scope(self.id, frame["folder"], outbox)
        self.cancel_wanted = False
        self._outbox = outbox
        self._output = Output(Handover(frame["folder"], self.input), item)
        self._has_given = False
        self._sharing = 1
        self._begun_seconds = 0.0

    def begin(self, usage: meter.Meter, sharing: int = 1) -> None:
        """`sharing`: how many runs go on as one; each gets its part of the time they take."""
        usage.begin(self.id)
        self._sharing = sharing
        self._begun_seconds = time.monotonic()

    def give(self, value: Any) -> None:
        """Sends one item of an iterator. Raises `BadOutput`, `TooLarge` and `FrameTooLarge`."""
        plain, files = self._output.take(value)
        if files:
            self._outbox.put({"type": "output", "id": self.id, "value": plain, "files": files})
        else:
            self._outbox.output(self.id, plain, is_first=not self._has_given)
        if not self._has_given:
            self._has_given = True
            # Else a node on the same processor hears of the first when the predictor rests.
            _yield_processor()

    def result(self, value: Any) -> Frame:
        """What is returned, as the part of the last frame that says so."""
        plain, files = self._output.take(value)
        return {"value": plain, "files": files}

    def ending(self, usage: meter.Meter, result: Optional[Frame], error: Optional[BaseException]) -> bytes:
        """The last frame, encoded: that it is done, or canceled, or how it failed."""
        now = time.monotonic()
        measured: Frame = {
            "cpu_seconds": round(usage.end(self.id), 6),
            "run_seconds": round((now - (self._begun_seconds or now)) / self._sharing, 6),
            "memory_bytes": usage.memory_bytes(now),
        }
        if error is None:
            try:
                return encoded_done(self.id, result, measured)
            except FrameTooLarge as too_large:
                error = too_large
        return encoded({**_ending(error, self.cancel_wanted), "id": self.id, **measured})


def _ending(error: BaseException, cancel_wanted: bool) -> Frame:
    if cancel_wanted and failure.is_cancel(error):
        return {"type": "canceled"}
    if isinstance(error, BatchRaised):
        return _failed("batch", failure.message(error.error), failure.trace(error.error))
    if isinstance(error, FrameTooLarge):
        size, limit = error.size_bytes / 1e6, FRAME_BYTES_MAX / 1e6
        message = f"the output is {size:.1f} MB of JSON, more than {limit:.1f} MB; give it as a file"
        return _failed("too_large", message, "")
    if isinstance(error, TooLarge):
        return _failed("too_large", str(error), "")
    if isinstance(error, BadOutput):
        return _failed("bad_output", str(error), "")
    code = "input_too_long" if isinstance(error, failure.InputTooLong) else "raised"
    return _failed(code, failure.message(error), failure.trace(error))


def _failed(code: str, message: str, traceback: str) -> Frame:
    return {"type": "failed", "code": code, "message": message, "traceback": traceback}

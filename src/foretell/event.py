"""What a run says while it runs, in order."""

from enum import StrEnum
from typing import Any

import msgspec


class Kind(StrEnum):
    """The kinds of event that become rows; `status`, `restarted`, `error`, `done` are derived for streams."""

    OUTPUT = "output"
    LOG = "log"
    PROGRESS = "progress"
    DELTA = "delta"
    PREVIEW = "preview"


class Event(msgspec.Struct, frozen=True):
    """One thing said by attempt `attempt` of a prediction; `sequence` counts from 1 within the attempt.

    `data`: for output `{"value": …}` (a text delta is a string), for log `{"source": …, "text": …}`,
    for progress `{"progress": 0–100}` with `done`, `of` and `unit` where the model counts, for delta `{"delta": {…}}`
    (what a chat model says beside its text, in OpenAI's form), for preview `{"image": "data:image/…;base64,…"}`
    (the newest alone is kept, until the end).
    """

    prediction_id: str
    attempt: int
    sequence: int
    kind: Kind
    data: dict[str, Any]
    at: int

    @property
    def id(self) -> str:
        """`attempt:sequence`, the id under which a stream can be resumed."""
        return f"{self.attempt}:{self.sequence}"

"""What a child may say, checked as it arrives."""

from typing import Any

import msgspec

from foretell.prediction import Steps


class FileAt(msgspec.Struct, frozen=True):
    """A file in a value: `at` leads to its place; `path`, a stranger's word, begins in the run's folder."""

    at: tuple[str | int, ...]
    path: str


class Hello(msgspec.Struct, tag="hello", tag_field="type", frozen=True):
    """The child is there."""

    pid: int
    protocol: int
    python: str


class Ready(msgspec.Struct, tag="ready", tag_field="type", frozen=True):
    """The model is loaded and takes `concurrency` runs at a time."""

    concurrency: int = 1


class SetupFailed(msgspec.Struct, tag="setup_failed", tag_field="type", frozen=True):
    """The model cannot be loaded."""

    message: str
    traceback: str = ""


class Log(msgspec.Struct, tag="log", tag_field="type", frozen=True):
    """Something was printed: by the run `id`, or by none in particular."""

    id: str | None
    source: str
    text: str


class Progress(msgspec.Struct, tag="progress", tag_field="type", frozen=True):
    """How far a run is, from 0 to 1, and in steps where it counts them."""

    id: str
    fraction: float
    steps: Steps | None = None


class Metric(msgspec.Struct, tag="metric", tag_field="type", frozen=True):
    """A figure that the model itself counts."""

    id: str
    name: str
    value: Any
    mode: str = "replace"


class Output(msgspec.Struct, tag="output", tag_field="type", frozen=True):
    """One item that a run has yielded."""

    id: str
    value: Any = None
    files: tuple[FileAt, ...] = ()


class Items(msgspec.Struct, tag="items", tag_field="type", frozen=True):
    """Items that a run has yielded one after the other, none of them with a file."""

    id: str
    values: list[Any]


class Delta(msgspec.Struct, tag="delta", tag_field="type", frozen=True):
    """What a run says beside its text, in its place among what it yields."""

    id: str
    delta: dict[str, Any]


class Preview(msgspec.Struct, tag="preview", tag_field="type", frozen=True):
    """An unfinished picture; `path`, a stranger's word, begins in the run's folder."""

    id: str
    path: str


class Done(msgspec.Struct, tag="done", tag_field="type", frozen=True):
    """A run's end. Without a value it is what was yielded that counts."""

    id: str
    value: Any = msgspec.UNSET
    files: tuple[FileAt, ...] = ()
    cpu_seconds: float = 0.0
    run_seconds: float = 0.0
    memory_bytes: int = 0


class Failed(msgspec.Struct, tag="failed", tag_field="type", frozen=True):
    """A run's end by an error; `message` is for the caller, `traceback` for the log."""

    id: str
    code: str
    message: str
    traceback: str = ""
    cpu_seconds: float = 0.0
    run_seconds: float = 0.0
    memory_bytes: int = 0


class Canceled(msgspec.Struct, tag="canceled", tag_field="type", frozen=True):
    """A run's end because it was told to."""

    id: str
    cpu_seconds: float = 0.0
    run_seconds: float = 0.0
    memory_bytes: int = 0


Frame = (
    Hello
    | Ready
    | SetupFailed
    | Log
    | Progress
    | Metric
    | Output
    | Items
    | Delta
    | Preview
    | Done
    | Failed
    | Canceled
)
"""Anything a child may say."""
Ending = Done | Failed | Canceled
"""The last thing it says about a run."""

_frame: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)


def decoded(body: bytes) -> Frame:
    """The frame. ValueError when it is none."""
    try:
        return _frame.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error

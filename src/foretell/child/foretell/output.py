"""What a predictor gives, made into JSON and files."""

from __future__ import annotations

import io
import math
import pathlib
from collections.abc import Sequence
from enum import Enum
from typing import Any

from . import shape
from .handover import Handover, Unreadable

DEPTH_MAX = 60
"""The link allows 64; the frame around a value has its own."""

File = dict[str, Any]


class BadOutput(Exception):
    """The value cannot be an output. The message is a sentence for the model's author."""


class TooLarge(Exception):
    """The value is too deep or too long to be an output."""


class Output:
    """The outputs of one run. `hint` is the type that each must have."""

    def __init__(self, handover: Handover, hint: Any) -> None:
        self._handover = handover
        self._hint = hint

    def take(self, value: Any) -> tuple[Any, list[File]]:
        """The value as JSON, None in place of each file, and the files. Raises `BadOutput` and `TooLarge`."""
        if self._hint is str and type(value) is str:
            return _text(value), []
        if not shape.fits(bare(value), self._hint):
            raise BadOutput(f"the predictor gave {_described(value)} where it says {shape.name(self._hint)}")
        files: list[File] = []
        return self._plain(value, [], files), files

    def _plain(self, value: Any, at: list[Any], files: list[File]) -> Any:
        if len(at) > DEPTH_MAX:
            raise TooLarge(f"the output is nested deeper than {DEPTH_MAX} levels")
        value = bare(value)
        if isinstance(value, (pathlib.PurePath, io.IOBase)):
            files.append({"at": at, "path": self._stored(value)})
            return None
        if isinstance(value, (list, tuple)):
            return (
                list(value)
                if _is_numbers(value)
                else [self._plain(item, [*at, index], files) for index, item in enumerate(value)]
            )
        parts = shape.named_values(value)
        if parts is not None:
            return {_key(key): self._plain(item, [*at, key], files) for key, item in parts.items()}
        return _scalar(value)

    def _stored(self, file: Any) -> str:
        try:
            return self._handover.take(file)
        except Unreadable as error:
            raise BadOutput(str(error)) from error


def bare(value: Any) -> Any:
    """numpy's and torch's numbers and arrays as Python's; an Enum's value."""
    if isinstance(value, Enum):
        return value.value
    tolist = getattr(value, "tolist", None)
    return tolist() if callable(tolist) and not isinstance(value, type) else value


def _is_numbers(values: Sequence[Any]) -> bool:
    """True for finite numbers only. An embedding has too many to look at one by one."""
    try:
        return set(map(type, values)) <= {int, float} and all(map(math.isfinite, values))
    except OverflowError:  # an integer that is longer than a float can be
        return False


def _scalar(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadOutput(f"the output contains {value}, which JSON cannot say")
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise BadOutput(f"the output contains {_described(value)}, which is neither JSON nor a file")


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadOutput("the output contains text that is not Unicode") from error
    return str(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise BadOutput(f"the output has {_described(key)} as a key, where JSON has text")
    return _text(key)


def _described(value: Any) -> str:
    if value is None:
        return "nothing"
    name = type(value).__name__
    inner = f" of {type(value[0]).__name__}" if isinstance(value, (list, tuple)) and value else ""
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}{inner}"

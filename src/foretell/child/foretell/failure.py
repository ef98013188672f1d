"""An exception of the author's code, as the words of a failed run."""

from __future__ import annotations

import traceback
from pathlib import PurePath
from types import TracebackType
from typing import Optional

from .gate import CancelationException

MESSAGE_CHARACTERS_MAX = 1000
TRACEBACK_CHARACTERS_MAX = 64 * 1024

HERE = PurePath(__file__).parent


class InputTooLong(ValueError):
    """A model may raise it for a text that is longer than it can read; the sentence is for whoever sent it."""


def message(error: BaseException) -> str:
    """One line that a user can read. A ValueError speaks to the user; of others, the kind is said as well."""
    if isinstance(error, SystemExit):
        code = "" if error.code is None else repr(error.code)
        return f"the predictor called sys.exit({code})"
    if not isinstance(error, Exception):
        return f"the predictor raised {type(error).__name__}"
    text = " ".join(_text(error).split())[:MESSAGE_CHARACTERS_MAX]
    if not text:
        return type(error).__name__
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"


def trace(error: BaseException) -> str:
    """The traceback from the author's first line on."""
    try:
        lines = traceback.format_exception(type(error), error, _of_author(error.__traceback__))
    except Exception:  # noqa: BLE001 - the author's own __str__ may raise
        lines = [type(error).__name__]
    return _unicode("".join(lines))[-TRACEBACK_CHARACTERS_MAX:]


def is_cancel(error: Optional[BaseException]) -> bool:
    """True where a cancel is the error or, wrapped by a library in one of its own, led to it."""
    seen = 0
    while error is not None and seen < 50:
        # asyncio's own, by name: a synchronous predictor need not import asyncio for it.
        if isinstance(error, CancelationException) or type(error).__name__ == "CancelledError":
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def _text(error: BaseException) -> str:
    try:
        return _unicode(str(error))
    except Exception:  # noqa: BLE001 - the author's own __str__ may raise
        return ""


def _unicode(text: str) -> str:
    """The text with a mark for whatever is no character, such as half of one."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _of_author(frames: Optional[TracebackType]) -> Optional[TracebackType]:
    first = frames
    while first is not None and _is_ours(first):
        first = first.tb_next
    return first or frames


def _is_ours(frame: TracebackType) -> bool:
    folder = PurePath(frame.tb_frame.f_code.co_filename).parent
    return folder == HERE or folder.name in {"asyncio", ""}

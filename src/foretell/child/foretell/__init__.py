"""What a predictor may use beside `cog`: its weights, its progress, its metrics, and what it says on the way."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from typing import Any, Optional, Union

from .failure import InputTooLong
from .scope import Members, UnknownWeights, active, weights, within

__all__ = ["InputTooLong", "UnknownWeights", "delta", "member", "metric", "preview", "progress", "weights"]


def progress(
    done: float, of: Optional[float] = None, *, unit: str = "step", share: Optional[float] = None
) -> None:
    """How much of the run is done: from 0 to 1, or so many steps `of` so many. It never falls.

    `unit` is the word for one of them: "step", "page", "sentence". `share` is how much of the run that is, from 0 to 1,
    where the steps are not all there is to do. `of` 0 says nothing. Raises ValueError for what is no number. Outside
    of a run it says nothing to anybody.
    """
    scope = active()
    if scope is not None:
        scope.progress(done, of, unit, share)


def metric(name: str, value: Any, mode: str = "replace") -> None:
    """A number to be shown in the prediction's metrics. Outside of a run it goes nowhere."""
    scope = active()
    if scope is not None:
        scope.record_metric(name, value, mode)


def member(index: int) -> AbstractContextManager[None]:
    """In `predict_batch`: within it, what is said is said of that one of the inputs alone. Raises IndexError."""
    scope = active()
    if isinstance(scope, Members):
        return within(scope.members[index])
    return contextlib.nullcontext()


def delta(said: dict[str, Any]) -> None:
    """What a chat model says beside its text, in OpenAI's form: tool calls, why it ended, a refusal.

    Raises TypeError and ValueError for what is no JSON object, has `content`, or is larger than 256 KB.
    """
    scope = active()
    if scope is not None:
        scope.delta(said)


def preview(picture: Union[str, "os.PathLike[str]", bytes]) -> None:
    """An unfinished picture for whoever watches: a path or bytes, of a PNG, JPEG or WebP of up to 64 KB.

    Of those that come within 0.2 s of the last one, and of larger ones, nothing is heard.
    """
    scope = active()
    if scope is not None:
        scope.preview(picture)

"""What a caller wishes for, in whatever dialect it was said."""

from typing import Any

import msgspec

from foretell.prediction import Subscription


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks for. `safety_checker` is None where it was left open.

    `hidden`: the model is one that callers cannot name, and that a route has for itself.
    `request` is what the dialect needs to answer for the prediction again, beside the input.
    `position` is its place among the predictions that one request makes.
    `ttl_seconds` is how long it is to be kept after its end; 0: as long as others.
    `cancel_after_seconds` and `queue_seconds` are how long it is given to end, and to begin; None: no time of its own.
    """

    model: str
    hidden: bool = False
    input: dict[str, Any]
    stream: bool = False
    safety_checker: bool | None = None
    privacy: str = "private"
    gpu: str | None = None
    webhook: Subscription | None = None
    request: dict[str, Any] | None = None
    position: int = 0
    ttl_seconds: int = 0
    cancel_after_seconds: float | None = None
    queue_seconds: float | None = None

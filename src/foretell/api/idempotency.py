"""Idempotency keys: requests that may be sent again without creating anything twice."""

import hashlib
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from foretell.errors import Code, Error
from foretell.store import Claim

HEADER = "idempotency-key"
REPLAYED = "idempotent-replayed"
"""The header of an answer that tells of a prediction which an earlier request has made."""
KEY_LENGTH_MAX = 255

_FINGERPRINT = "foretell.fingerprint"
_REPLAYS = "foretell.replays"
_SAME = {"/v1/predict": "/v1/predictions"}
"""Paths that are one route under two names."""

_sorted = msgspec.json.Encoder(order="sorted").encode


def is_repeatable(request: Request) -> bool:
    """Whether the caller may send this request again to get the same answer."""
    return HEADER in request.headers


def note_body(request: Request, body: Any) -> None:
    """Remembers what was asked for, where that is needed to know it again. `body` is JSON, decoded."""
    if is_repeatable(request):
        request.scope[_FINGERPRINT] = hashlib.sha256(_sorted(body)).hexdigest()


def claim_of(request: Request, account_id: str, position: int) -> Claim | None:
    """What a create claims, `position` being its place among those of this request; None without a key.

    Raises Error(INVALID_PARAMETER) for a key that is none.
    """
    name = request.headers.get(HEADER)
    if name is None:
        return None
    if not 1 <= len(name) <= KEY_LENGTH_MAX or not name.isprintable():
        what = f"must have 1 to {KEY_LENGTH_MAX} printable characters"
        raise Error(
            Code.INVALID_PARAMETER, f"'Idempotency-Key' {what}.", details=(f"Idempotency-Key: {what}",)
        )
    path: str = request.scope["path"]
    fingerprint: str = request.scope[_FINGERPRINT]
    return Claim(account_id, _SAME.get(path, path), name, position, fingerprint)


def note_replay(request: Request, prediction_id: str) -> None:
    """Remembers that this request created nothing in the place of this prediction."""
    request.scope.setdefault(_REPLAYS, set()).add(prediction_id)


def is_replayed(request: Request, prediction_id: str) -> bool:
    """Whether an earlier request has made the prediction."""
    return prediction_id in request.scope.get(_REPLAYS, ())


def tell_replay(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    """Lets the answer say that it is about what was there already."""
    if scope.get(_REPLAYS):
        headers.append((REPLAYED.encode(), b"true"))

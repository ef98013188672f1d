"""Answers: JSON, always, also for refusals."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from foretell.dialects import openai, skytells
from foretell.errors import Code, Error

JSON = "application/json"
_encode = msgspec.json.Encoder().encode


def answer(body: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as JSON."""
    return Response(_encode(body), status, headers, JSON)


def encoded_answer(data: bytes) -> Response:
    """What is JSON already."""
    return Response(data, headers=None, media_type=JSON)


def json_bytes(body: Any) -> bytes:
    """`body` as JSON, for answers that are written piece by piece."""
    return _encode(body)


def refusal(
    error: Error, request_id: str, *, headers: Mapping[str, str] | None = None, is_openai: bool = False
) -> Response:
    """The envelope of a dialect around an error, with the headers that belong to it."""
    dialect = openai if is_openai else skytells
    status, body = dialect.error_envelope(error, request_id)
    extra = dict(headers or {})
    if error.code is Code.UNAUTHORIZED:
        extra["www-authenticate"] = "Bearer"
    if error.retry_after_seconds is not None:
        extra["retry-after"] = str(error.retry_after_seconds)
    if is_openai and error.code in openai.FINAL:
        extra["x-should-retry"] = "false"
    return answer(body, status, headers=extra)

"""Answers: JSON, always, also for refusals."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from foretell.dialects import openai, skytells
from foretell.errors import Code, Error

JSON = "application/json"
_JSON_TYPE = (b"content-type", JSON.encode())
_encode = msgspec.json.Encoder().encode


def answer(body: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as JSON."""
    return Response(_encode(body), status, headers, JSON)


def encoded_answer(data: bytes) -> Response:
    """What is JSON already."""
    return _Encoded(data)


class _Encoded(Response):
    """Has its headers without looking for what they might be."""

    def __init__(self, data: bytes) -> None:
        self.status_code, self.background, self.body = 200, None, data
        self.raw_headers = [(b"content-length", b"%d" % len(data)), _JSON_TYPE]


def is_whole(response: Response) -> bool:
    """Whether its body is all there is to it."""
    return type(response) is _Encoded or (type(response) is Response and response.background is None)


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

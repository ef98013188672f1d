"""Requests: what they carry, and what they reach."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from foretell.api.exchanges import exchange_of
from foretell.api.heads import heads_of, of_head
from foretell.api.idempotency import is_repeatable, note_body
from foretell.errors import Code, Error

if TYPE_CHECKING:
    from foretell.api.auth import Caller
    from foretell.api.edge import Edge
    from foretell.api.services import Services

DEPTH_MAX = 100
"""How deep a body may be nested; what reads it later, here and in models, calls itself for each level."""
ACCOUNT_HEADER = "x-foretell-account"
"""On the server's own socket: the account to act for, by name or id."""

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_WAIT = re.compile(r"(?:^|[,;\s])wait(?:\s*=\s*(\d{1,9}))?(?:$|[,;\s])", re.IGNORECASE)
_YES = {"1", "true", "yes", "on", ""}
_NO = {"0", "false", "no", "off"}
_Body = TypeVar("_Body")


def edge(request: Request) -> Edge:
    """The API that answers this request, with what it keeps in memory."""
    found: Edge = request.scope["foretell.edge"]
    return found


async def has_left(request: Request) -> bool:
    """Whether the caller has hung up."""
    exchange = exchange_of(request.scope)
    return await request.is_disconnected() if exchange is None else exchange.is_over


def services(request: Request) -> Services:
    """The machinery behind the API."""
    return edge(request).services


def caller(request: Request) -> Caller:
    """Who calls, on a route that needs a key."""
    found: Caller = request.scope["foretell.caller"]
    return found


def caller_or_none(request: Request) -> Caller | None:
    """Who calls; None for a caller without a key on a route that is open to all."""
    found: Caller | None = request.scope["foretell.caller"]
    return found


def is_local(request: Request) -> bool:
    """Whether the request came by the server's own socket."""
    return _came_by_own_socket(request.scope)


def _came_by_own_socket(scope: Scope) -> bool:
    return bool(scope.get("state", {}).get("foretell.local"))


def request_id(request: Request) -> str:
    """The id under which this request is logged and answered."""
    return str(request.scope["foretell.request_id"])


def origin(request: Request) -> str:
    """Scheme and host under which this caller reaches the server, without a slash at the end."""
    return of_head(request.scope, _origin)


def _origin(scope: Scope) -> str:
    config = scope["foretell.edge"].services.config
    if config.public_url:
        return str(config.public_url.rstrip("/"))
    host = heads_of(scope).get("host", "")
    if _came_by_own_socket(scope) or not _HOST.fullmatch(host):
        host = f"{config.host}:{config.port}"
    return f"{scope.get('scheme', 'http')}://{host}"


def preferred_wait_seconds(request: Request) -> float | None:
    """`n` of `Prefer: wait=n`, infinity for `wait` alone; None when the header asks for no waiting."""
    return of_head(request.scope, _preferred_wait_seconds)


def _preferred_wait_seconds(scope: Scope) -> float | None:
    prefer = heads_of(scope).get("prefer")
    found = None if prefer is None else _WAIT.search(prefer)
    if found is None:
        return None
    return float(found[1]) if found[1] else float("inf")


def accepts_stream(request: Request) -> bool:
    """Whether the caller names server-sent events among what it accepts."""
    return "text/event-stream" in request.headers.get("accept", "").lower()


def is_asked(request: Request, name: str) -> bool:
    """Whether a query parameter says yes; absent it says no. Raises Error(INVALID_PARAMETER) for other words."""
    word = request.query_params.get(name, "false").lower()
    if word not in _YES | _NO:
        raise Error(
            Code.INVALID_PARAMETER,
            f"'{name}' must be true or false.",
            details=(f"{name}: must be true or false",),
        )
    return word in _YES


async def body_bytes(request: Request) -> bytes:
    """The whole body. Raises Error(TOO_LARGE) beyond `body_bytes_max`, at once where the length is told."""
    bytes_max = services(request).config.body_bytes_max
    exchange = exchange_of(request.scope)
    whole = None if exchange is None else exchange.body()
    if whole is not None and len(whole) <= bytes_max:
        return whole
    if whole is not None:
        raise _too_large(bytes_max)
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > bytes_max:
        raise _too_large(bytes_max)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise _too_large(bytes_max)
        chunks.append(chunk)
    return b"".join(chunks)


async def body_of(
    request: Request, kind: msgspec.json.Decoder[_Body], *, plain: msgspec.json.Decoder[Any] | None = None
) -> _Body:
    """The body, decoded: as what is `plain` if it is that. Raises Error(INVALID_REQUEST) when it is no JSON object."""
    data = await body_bytes(request)
    try:
        _check_depth(data)
        body = _decoded_as(plain, data) or _decoded(kind, data)
        if is_repeatable(request):
            note_body(request, _whole(msgspec.json.decode(data)))
    except msgspec.ValidationError as error:
        refusal = Error(Code.INVALID_REQUEST, f"The body must be a JSON object: {error}.")
        # Read by who names the field that is wrong; where this is compiled, `from` is not heeded.
        refusal.__cause__ = error
        raise refusal from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = str(error).removeprefix("JSON is malformed: ") if data.strip() else "it is empty"
        raise Error(Code.INVALID_REQUEST, f"The body is not valid JSON: {reason}.") from error
    except RecursionError as error:
        raise _too_deep() from error
    return body


def _decoded_as(kind: msgspec.json.Decoder[Any] | None, data: bytes) -> Any:
    """None: it is something else, or nothing."""
    try:
        return None if kind is None else kind.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _check_depth(data: bytes) -> None:
    # Counting brackets is quick and never too low, so that only suspects are walked.
    if data.count(b"[") + data.count(b"{") <= DEPTH_MAX:
        return
    level, depth = [msgspec.json.decode(data)], 0
    while level := [inner for each in level if isinstance(each, dict | list) for inner in _within(each)]:
        depth += 1
        if depth > DEPTH_MAX:
            raise _too_deep()


def _within(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _decoded(kind: msgspec.json.Decoder[_Body], data: bytes) -> _Body:
    """The body; to JSON, `30.0` is a whole number, and msgspec would refuse it where one is wanted."""
    try:
        return kind.decode(data)
    except msgspec.ValidationError:
        found: _Body = msgspec.convert(_whole(msgspec.json.decode(data)), kind.type)
        return found


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _too_deep() -> Error:
    return Error(
        Code.INVALID_REQUEST, f"The body is nested too deeply: at most {DEPTH_MAX} levels are taken."
    )


def _too_large(bytes_max: int) -> Error:
    return Error(Code.TOO_LARGE, f"The body is larger than the {bytes_max:,} bytes allowed.")

"""Operations: what a route's handler says of itself, for `/openapi.json` and the reference pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict, TypeVar, Unpack

from foretell.account import Scope
from foretell.errors import Code

_USUAL = {"GET": Scope.READ, "HEAD": Scope.READ, "POST": Scope.RUN}
"""The scope that a method needs where a route says nothing; every other method's is `manage`."""

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


class Access(StrEnum):
    """Who may call: anyone, anyone for what is public, callers with a key, operators."""

    ANYONE = "anyone"
    OPEN = "open"
    KEY = "key"
    OPERATOR = "operator"


class Options(TypedDict, total=False):
    """What can be said of an operation besides its summary; each key is explained at `Operation`."""

    tag: str
    description: str
    path: Mapping[str, str]
    query: Any
    headers: Any
    body: Any
    form: Any
    examples: Mapping[str, Any]
    answer: Any
    answers: Mapping[int, Any]
    answer_examples: Mapping[str, Any]
    media: tuple[str, ...]
    stream: Mapping[str, Any]
    errors: tuple[Code, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that callers can do. Types are msgspec Structs, TypedDicts, or anything made of them.

    `summary` is an imperative without a full stop; its words make the operation's id.
    `path` explains path parameters by name. `query` and `headers` are types whose fields are the parameters (an
    underscore in a header's name is a dash on the wire). `body` is a JSON body's type, `form` a multipart one's,
    in which `bytes` is a file; `examples` are bodies by what they show.
    `answer` is the type of the answer with status 200, `answers` are those by status where there are others;
    `answer_examples` are answers by what they show. `media`: content types of an answer that is bytes, or
    of other forms in which a JSON one may come.
    `stream`: the type of the data of each server-sent event, by the event's name ("" where events have none).
    `errors`: what is refused beyond what the kind of route implies (keys, bodies, limits, bugs).
    """

    summary: str
    tag: str
    description: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    headers: Any = None
    body: Any = None
    form: Any = None
    examples: Mapping[str, Any] = field(default_factory=dict)
    answer: Any = None
    answers: Mapping[int, Any] = field(default_factory=dict)
    answer_examples: Mapping[str, Any] = field(default_factory=dict)
    media: tuple[str, ...] = ()
    stream: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[Code, ...] = ()


def operation(summary: str, **said: Unpack[Options]) -> Callable[[_Endpoint], _Endpoint]:
    """Says what a handler does; `tag` is the section of the reference it stands in."""
    found = Operation(summary=summary, **said)

    def marked(endpoint: _Endpoint) -> _Endpoint:
        endpoint.operation = found  # type: ignore[attr-defined]
        return endpoint

    return marked


def accessible(access: Access) -> Callable[[_Endpoint], _Endpoint]:
    """Says who may call an endpoint."""

    def marked(endpoint: _Endpoint) -> _Endpoint:
        endpoint.access = access  # type: ignore[attr-defined]
        return endpoint

    return marked


def operation_of(endpoint: Callable[..., Any]) -> Operation | None:
    """What is said of an endpoint; None where nothing is."""
    found: Operation | None = getattr(endpoint, "operation", None)
    return found


def access_of(endpoint: Callable[..., Any]) -> Access:
    """Who may call an endpoint."""
    found: Access = getattr(endpoint, "access", Access.ANYONE)
    return found


def needing(scope: Scope | None) -> Callable[[_Endpoint], _Endpoint]:
    """Says what a caller's key has to be good for; None: what the method says."""

    def marked(endpoint: _Endpoint) -> _Endpoint:
        endpoint.scope = scope  # type: ignore[attr-defined]
        return endpoint

    return marked


def scope_of(endpoint: Callable[..., Any], method: str) -> Scope:
    """What a caller's key has to be good for."""
    said: Scope | None = getattr(endpoint, "scope", None)
    return said or _USUAL.get(method, Scope.MANAGE)

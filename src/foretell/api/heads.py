"""The head of a request, read once: a create looks at a dozen of its headers, most of which are not there."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

_HEADS = "foretell.headers"
_Found = TypeVar("_Found")
_UNKNOWN = object()


class Heads(Headers):
    """The headers of one request; of several with one name, the first counts.

    Requests of a connection whose heads are the same bytes may share them: `facts` is what follows from them alone.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        sent = scope["headers"]
        self.facts: dict[Any, Any] = {}
        self._known = {str(name, "latin-1"): str(value, "latin-1") for name, value in reversed(sent)}

    def get(self, key: str, default: Any = None) -> Any:
        found = self._known.get(key)
        return self._known.get(key.lower(), default) if found is None else found

    def __getitem__(self, key: str) -> str:
        return self._known[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._known


def heads_of(scope: Scope) -> Heads:
    """The headers of a request."""
    found: Heads | None = scope.get(_HEADS)
    if found is None:
        found = scope[_HEADS] = Heads(scope)
    return found


class Called(Request):
    """A request whose headers are read once."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._heads = heads_of(scope)

    @property
    def headers(self) -> Headers:
        return self._heads


def of_head(scope: Scope, find: Callable[[Scope], _Found]) -> _Found:
    """What `find` says of a request by its head and by nothing else: method, path, headers, the socket it came by."""
    facts = heads_of(scope).facts
    found = facts.get(find, _UNKNOWN)
    if found is _UNKNOWN:
        found = facts[find] = find(scope)
    return cast(_Found, found)

"""The head of a request, read once: a create looks at a dozen of its headers, most of which are not there."""

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope


class Heads(Headers):
    """The headers of one request; of several with one name, the first counts."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        sent = reversed(scope["headers"])
        self._known: dict[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in sent
        }

    def get(self, key: str, default: Any = None) -> Any:
        found = self._known.get(key)
        return self._known.get(key.lower(), default) if found is None else found

    def __getitem__(self, key: str) -> str:
        return self._known[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._known


class Called(Request):
    """A request whose headers are read once."""

    @property
    def headers(self) -> Headers:
        found: Heads | None = self.scope.get("foretell.headers")
        if found is None:
            found = self.scope["foretell.headers"] = Heads(self.scope)
        return found

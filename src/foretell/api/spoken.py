"""Which dialect a request is answered in: by its path, and where two share a path, by its caller."""

from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers
from starlette.types import Scope

OWN = ("/v1/chat", "/v1/responses", "/v1/embeddings", "/v1/images", "/v1/audio", "/v1/moderations")
"""Below these, everything is OpenAI's."""

SHARED = ("/v1/models", "/v1/files")
"""Below these, callers with `Authorization` alone are answered in OpenAI's words."""


def speaks_openai(scope: Scope) -> bool:
    """Whether this request is refused in OpenAI's envelope."""
    path: str = scope["path"]
    return is_below(path, OWN) or (is_below(path, SHARED) and is_openai_caller(scope))


def is_openai_caller(scope: Scope) -> bool:
    """Whether this is how OpenAI's clients call: with `Authorization`, without `x-api-key`, over the network."""
    state: Mapping[str, object] = scope.get("state", {})
    headers = Headers(scope=scope)
    return "authorization" in headers and "x-api-key" not in headers and not state.get("foretell.local")


def is_below(path: str, roots: Sequence[str]) -> bool:
    """Whether a path is one of these, or lies below one."""
    return any(path == root or path.startswith(f"{root}/") for root in roots)

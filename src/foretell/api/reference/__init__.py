"""The reference: `/openapi.json`, and the pages under `/docs` that are made from it."""

import hashlib
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from foretell.api.answers import JSON, json_bytes
from foretell.api.reference import pages
from foretell.api.reference.document import document
from foretell.api.reference.schemas import Schema
from foretell.api.requests import edge, origin
from foretell.api.versions import Known
from foretell.errors import Code, Error

HERE = "http://127.0.0.1:8900"
"""Where the reference believes to be until somebody asks: each caller reads the address they came by."""

HTML = "text/html; charset=utf-8"
TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_SAFE = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Reference:
    """What was made of the routes and the models, kept until the models change."""

    def __init__(self) -> None:
        self._state: list[tuple[str, str, str | None]] = []
        self._document: Schema = {}
        self._pages: dict[str, bytes] = {}

    async def page(
        self, request: Request, name: str, make: Callable[[Schema, Sequence[Known]], str]
    ) -> bytes:
        """The page of this name, made by `make` if it is not kept."""
        models = await edge(request).versions.listed()
        state = [(each.name, each.version.id, each.version.offline_reason) for each in models]
        if state != self._state or not self._document:
            self._document = document(edge(request).routes, models, origin=HERE)
            self._state, self._pages = state, {}
        if name not in self._pages:
            self._pages[name] = make(self._document, models).encode()
        return self._pages[name].replace(HERE.encode(), origin(request).encode())


async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    data = await edge(request).reference.page(request, "openapi", lambda made, _: json_bytes(made).decode())
    return _kept(request, data, JSON, {"cache-control": "no-cache"})


async def overview(request: Request) -> Response:
    """The first page."""
    return await _page(request, "overview", pages.overview)


async def section(request: Request) -> Response:
    """The page of a section."""
    slug = request.path_params["section"]

    def made(document: Schema, models: Sequence[Known]) -> str:
        found = pages.section_page(document, models, slug)
        if found is None:
            raise _missing()
        return found

    return await _page(request, f"section {slug}", made)


async def models(request: Request) -> Response:
    """The list of models."""
    return await _page(request, "models", pages.models_page)


async def model(request: Request) -> Response:
    """The page of a model, by any of its names."""
    known = await edge(request).versions.find(request.path_params["slug"])
    return await _page(
        request, f"model {known.version.model}", lambda made, every: pages.model_page(made, every, known)
    )


async def asset(request: Request) -> Response:
    """A style sheet or a picture of the pages, which may be kept for as long as its address names its state."""
    name = request.path_params["name"]
    found = pages.asset(name)
    if found is None:
        raise _missing()
    data, digest = found
    is_named = request.query_params.get("v") == digest
    life = "public, max-age=31536000, immutable" if is_named else "no-cache"
    return _kept(request, data, TYPES[name.rpartition(".")[2]], {"cache-control": life})


routes = [
    Route("/openapi.json", openapi, methods=["GET"]),
    Route("/docs", overview, methods=["GET"]),
    Route("/docs/models", models, methods=["GET"]),
    Route("/docs/models/{slug:path}", model, methods=["GET"]),
    Route("/docs/api/{section}", section, methods=["GET"]),
    Route("/docs/assets/{name}", asset, methods=["GET"]),
]
"""What the reference serves; nobody needs a key to read it."""


async def _page(request: Request, name: str, make: Callable[[Schema, Sequence[Known]], str]) -> Response:
    data = await edge(request).reference.page(request, name, make)
    return _kept(request, data, HTML, {"cache-control": "no-cache"})


def _kept(request: Request, data: bytes, media: str, headers: dict[str, str]) -> Response:
    """The bytes, or nothing for a caller who has them already."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {**_SAFE, **headers, "etag": etag, "content-type": media}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if etag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers)


def _missing() -> Error:
    return Error(Code.ENDPOINT_NOT_FOUND, "There is no such page. The first one is /docs.")

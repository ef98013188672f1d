"""Pages: who may see them, how they are made and sent, and what is shown in place of one."""

import hashlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from foretell.api.auth import Caller, Handler
from foretell.api.dashboard.assets import compressed
from foretell.api.dashboard.drawing import drawn
from foretell.api.requests import edge
from foretell.api.sessions import csrf_of
from foretell.dialects import skytells
from foretell.errors import Code, Error

NOT_PAGES = ("/v1/", "/files/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics")
"""What begins like this is for programs, or has pages of its own."""
FIRST = "/models"
"""The page that somebody who is signed in sees first."""

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    # With less, a browser would say of a form only that it came from somewhere.
    "referrer-policy": "same-origin",
    "cache-control": "private, no-cache",
    "vary": "cookie",
}


def page(handler: Handler) -> Handler:
    """A page for whoever is signed in; others are asked to sign in, and brought back."""
    return _guarded(handler, needs_session=True, operators_only=False)


def operators_page(handler: Handler) -> Handler:
    """A page for operators."""
    return _guarded(handler, needs_session=True, operators_only=True)


def open_page(handler: Handler) -> Handler:
    """A page that may be seen without signing in; `visitor` says who looks."""
    return _guarded(handler, needs_session=False, operators_only=False)


def visitor(request: Request) -> Caller | None:
    """Who looks at a page; None: somebody who is not signed in."""
    found: Caller | None = request.scope.get("foretell.caller")
    return found


def shown(request: Request, template: str, *, status: int = 200, **given: Any) -> Response:
    """A page made of a template of this folder; `here` names the entry of the menu that it belongs to.

    Nothing is sent to a browser that has the very same page.
    """
    who = visitor(request)
    text = drawn(
        template,
        visitor=who,
        csrf="" if who is None else csrf_of(request),
        path=request.url.path,
        **{"here": "", **given},
    )
    data = text.encode()
    etag = f'W/"{hashlib.sha256(data).hexdigest()[:32]}"'
    if status == 200 and request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={**_HEADERS, "etag": etag})
    return compressed(request, data, {**_HEADERS, "etag": etag}, status=status)


def refused(request: Request, error: Error) -> Response:
    """A page that says what is in the way."""
    status, _ = skytells.error_envelope(error, "")
    return shown(request, "refused.html", status=status, message=error.message, code=status)


async def missing(request: Request) -> Response:
    """A page for an address that leads nowhere."""
    request.scope["foretell.caller"] = await edge(request).sessions.caller(request)
    return refused(request, Error(Code.ENDPOINT_NOT_FOUND, "There is no page at this address."))


def wants_page(request: Request) -> bool:
    """Whether a browser asks for something to show, and not a program for data."""
    is_shown = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return is_shown and not request.url.path.startswith(NOT_PAGES)


def front_door(handler: Handler) -> Handler:
    """What programs are told at `/`; browsers are led to the first page."""

    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        if wants_page(request):
            return RedirectResponse(FIRST, 303, {"vary": "accept", "cache-control": "no-store"})
        answer = await handler(request)
        answer.headers["vary"] = "accept"
        return answer

    return endpoint


def _guarded(handler: Handler, *, needs_session: bool, operators_only: bool) -> Handler:
    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        request.scope["foretell.caller"] = who = await edge(request).sessions.caller(request)
        if who is None and needs_session:
            return _to_sign_in(request)
        if operators_only and (who is None or not who.is_operator):
            return refused(request, Error(Code.FORBIDDEN, "Only an operator may see this page."))
        return await _whatever_happens(handler, request)

    return endpoint


async def _whatever_happens(handler: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        return await handler(request)
    except Error as error:
        return refused(request, error)


def _to_sign_in(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = quote(request.url.path + query, safe="")
    return RedirectResponse(f"/sign-in?next={wanted}", 303, {"cache-control": "no-store"})

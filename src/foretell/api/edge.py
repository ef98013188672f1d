"""The edge: the outermost of the API. Every answer has its id, every failure is JSON, and nothing escapes."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Sequence

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Message, Receive, Scope, Send

from foretell.api.answers import refusal
from foretell.api.auth import Keys
from foretell.api.browsers import for_browsers, vary
from foretell.api.dashboard.pages import refused, wants_page
from foretell.api.heads import Called
from foretell.api.idempotency import tell_replay
from foretell.api.limits import tell
from foretell.api.lingering import lingering
from foretell.api.reference import Reference
from foretell.api.seats import Seats
from foretell.api.services import Services
from foretell.api.sessions import Sessions
from foretell.api.spoken import speaks_openai
from foretell.api.versions import Versions
from foretell.blobs.room import Room
from foretell.catalog import aliases
from foretell.errors import Code, Error

NOTICE_SECONDS = 60.0
_SLASHES = re.compile(r"/{2,}")
_REQUEST_ID = re.compile(rb"[\w-]{8,128}", re.ASCII)
_log = logging.getLogger("foretell.api")


class Edge:
    """An ASGI app around `router`, with what the API keeps in memory between requests.

    The same one may be served on several sockets at once, with or without the lifespan protocol.
    """

    def __init__(self, services: Services, router: Router) -> None:
        self.services = services
        self.keys = Keys(services)
        self.sessions = Sessions(services)
        self.versions = Versions(services.store, aliases(services.config))
        self.seats = Seats(services.config.waiting_callers_max)
        self.room = Room(services.config)
        self.reference = Reference()
        self._router = router
        self._listeners: list[asyncio.Task[None]] = []
        self._direct = {
            (method, route.path): route.endpoint
            for route in reversed(self._router.routes)
            if isinstance(route, Route) and "{" not in route.path
            for method in route.methods or ()
        }
        self._inner = for_browsers(self._without_escapes, services.config.cors_origins)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What is served, in the order in which it is matched."""
        return self._router.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, *lingering(scope, receive, send))
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def close(self) -> None:
        """Stops listening to notices. Requests may still be answered, from what is read anew."""
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._listen()
        began = time.perf_counter()
        scope["app"] = scope["foretell.edge"] = self
        scope["foretell.request_id"] = request_id = _request_id(scope)
        scope["path"] = _tidy(scope["path"])
        status = 0

        async def identified(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                # No answer has these yet: to look for each first would cost a create more than its input does.
                headers.raw.append((b"x-request-id", request_id.encode()))
                vary(scope, headers)
                tell(scope, headers, self.seats)
                tell_replay(scope, headers)
            await send(message)

        try:
            await self._inner(scope, receive, identified)
        finally:
            _log_request(scope, status, time.perf_counter() - began)

    async def _without_escapes(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            if "\0" in scope["path"]:
                raise Error(Code.INVALID_REQUEST, "The address contains a character that no name can have.")
            await self._routed(scope, receive, watched)
        except ClientDisconnect:
            return
        except (Error, HTTPException) as error:
            if has_started:
                raise
            await self._refusal(scope, error)(scope, receive, send)
        except Exception:
            _log.exception("%s %s crashed", scope["method"], scope["path"])
            if has_started:
                raise
            bug = Error(Code.INTERNAL, "Something went wrong in the server; its log has the details.")
            request = Request(scope, receive)
            answer = refused(request, bug) if wants_page(request) else self._refusal(scope, bug)
            await answer(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._direct.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._router(scope, receive, send)
            return
        scope["path_params"] = {}
        response = await endpoint(Called(scope, receive, send))
        await response(scope, receive, send)

    def _refusal(self, scope: Scope, error: Error | HTTPException) -> Response:
        request_id: str = scope["foretell.request_id"]
        is_openai = speaks_openai(scope)
        if isinstance(error, Error):
            return refusal(error, request_id, is_openai=is_openai)
        method, path = scope["method"], scope["path"]
        if error.status_code == 405:
            wrong = Error(Code.METHOD_NOT_ALLOWED, f"{method} is not possible on {path}.")
            allow = {"allow": ", ".join(self._methods(scope))}
            return refusal(wrong, request_id, headers=allow, is_openai=is_openai)
        unknown = Error(Code.ENDPOINT_NOT_FOUND, f"There is no endpoint {method} {path}.")
        return refusal(unknown, request_id, is_openai=is_openai)

    def _methods(self, scope: Scope) -> list[str]:
        """What is possible on this path."""
        matching = (route for route in self.routes if route.matches(scope)[0] is not Match.NONE)
        return sorted({method for route in matching for method in getattr(route, "methods", None) or ()})

    def _listen(self) -> None:
        """Forgets what is kept in memory when a notice says that it changed."""
        if not self._listeners:
            self._listeners = [
                asyncio.create_task(self._follow("keys", self.keys.forget)),
                asyncio.create_task(self._follow("keys", self.sessions.forget)),
                asyncio.create_task(self._follow("models", self.versions.forget)),
            ]

    async def _follow(self, topic: str, forget: Callable[[], None]) -> None:
        with self.services.store.notices.subscribe(topic) as changed:
            while True:
                if await changed.wait(NOTICE_SECONDS):
                    forget()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})


def _request_id(scope: Scope) -> str:
    """The caller's own id for the request where it has a sound one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return f"req_{secrets.token_hex(12)}"


def _tidy(path: str) -> str:
    """The path without doubled slashes or one at its end: careless joining is forgiven, not redirected."""
    if "//" in path:
        path = _SLASHES.sub("/", path)
    return path.rstrip("/") or "/"


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    if not _log.isEnabledFor(logging.DEBUG):
        return
    found = {
        "request_id": scope["foretell.request_id"],
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "seconds": round(seconds, 6),
    }
    _log.debug("%s %s %d", scope["method"], scope["path"], status, extra=found)

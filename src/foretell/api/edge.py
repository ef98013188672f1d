"""The edge: the outermost of the API. Every answer has its id, every failure is JSON, and nothing escapes."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Message, Receive, Scope, Send

from foretell.api.answers import is_whole, refusal
from foretell.api.auth import Handler, Keys
from foretell.api.browsers import VARIES, for_browsers
from foretell.api.dashboard.pages import refused, wants_page
from foretell.api.exchanges import EXCHANGE
from foretell.api.heads import Called, Heads, heads_of, of_head
from foretell.api.idempotency import tell_replay
from foretell.api.limits import tell
from foretell.api.lingering import lingering, may_be_left
from foretell.api.reference import Reference
from foretell.api.seats import Seats
from foretell.api.services import Services
from foretell.api.sessions import Sessions
from foretell.api.spoken import speaks_openai
from foretell.api.terms import Agreements
from foretell.api.versions import Versions
from foretell.blobs.room import Room
from foretell.catalog import aliases
from foretell.errors import Code, Error
from foretell.ids import random_bytes

NOTICE_SECONDS = 60.0
_READY = "foretell.ready"
"""In the scope: the answer, if there is one already."""
_SLASHES = re.compile(r"/{2,}")
_REQUEST_ID = re.compile(r"[\w-]{8,128}", re.ASCII)
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
        self.agreements = Agreements(services.config)
        self.seats = Seats(services.config.waiting_callers_max)
        self.room = Room(services.config)
        self.reference = Reference()
        self._router = router
        self._listeners: list[asyncio.Task[None]] = []
        self._direct: dict[tuple[str, str], Handler] = {
            (method, route.path): route.endpoint
            for route in reversed(self._router.routes)
            if isinstance(route, Route) and "{" not in route.path
            for method in route.methods or ()
        }
        # A bound method is a new one each time, by which nothing would be found again.
        self._find_plain = self._plain
        self._is_for_browsers = bool(services.config.cors_origins.strip(", "))
        self._inner = for_browsers(self._without_escapes, services.config.cors_origins)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What is served, in the order in which it is matched."""
        return self._router.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def close(self) -> None:
        """Stops listening to notices. Requests may still be answered, from what is read anew."""
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._listeners:
            self._listen()
        began = time.perf_counter()
        heads = heads_of(scope)
        scope["app"] = scope["foretell.edge"] = self
        scope["foretell.request_id"] = _request_id(heads)
        scope["path"] = _tidy(scope["path"])
        status = 0
        try:
            endpoint = of_head(scope, self._find_plain) if EXCHANGE in scope else None
            if endpoint is None:
                status = await self._told(scope, receive, send)
            else:
                status = await self._exchanged(endpoint, scope, receive, send)
        finally:
            # Each leads to the other, and what is in a circle has to be looked for.
            scope.pop(EXCHANGE, None)
            _log_request(scope, status, time.perf_counter() - began)

    def _plain(self, scope: Scope) -> Handler | None:
        """What is called where nothing is to be done but to call one function and to send what it gives."""
        heads = heads_of(scope)
        if "origin" in heads or may_be_left(heads):
            return None
        return self._direct.get((scope["method"], scope["path"]))

    async def _exchanged(self, endpoint: Handler, scope: Scope, receive: Receive, send: Send) -> int:
        scope["path_params"] = {}
        try:
            response = await endpoint(Called(scope, receive, send))
        except ClientDisconnect:
            return 0
        except Exception as error:  # noqa: BLE001 - nothing escapes
            response = self._excused(scope, receive, error)
        if not is_whole(response) or scope["method"] == "HEAD":
            scope[_READY] = response
            return await self._told(scope, receive, send)
        headers = [*response.raw_headers, *self._headers(scope)]
        if self._is_for_browsers:
            headers.append(VARIES)
        status: int = response.status_code
        scope[EXCHANGE].answer(status, headers, response.body)
        return status

    async def _told(self, scope: Scope, receive: Receive, send: Send) -> int:
        """The answer piece by piece, for all that is not plain; its status."""
        status = 0
        receive, send = lingering(scope, receive, send)

        async def identified(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(scope)]
            await send(message)

        await self._inner(scope, receive, identified)
        return status

    def _headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """What every answer says beside its own headers; none of its own has these names."""
        headers = [(b"x-request-id", scope["foretell.request_id"].encode())]
        tell(scope, headers, self.seats)
        tell_replay(scope, headers)
        return headers

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
        except Exception as error:
            if has_started:
                raise
            await self._excused(scope, receive, error)(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._direct.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._router(scope, receive, send)
            return
        scope["path_params"] = {}
        response = scope.get(_READY) or await endpoint(Called(scope, receive, send))
        await response(scope, receive, send)

    def _excused(self, scope: Scope, receive: Receive, error: Exception) -> Response:
        """The answer to a request that met this error."""
        if isinstance(error, Error | HTTPException):
            return self._refusal(scope, error)
        _log.error("%s %s crashed", scope["method"], scope["path"], exc_info=error)
        bug = Error(Code.INTERNAL, "Something went wrong in the server; its log has the details.")
        request = Request(scope, receive)
        return refused(request, bug) if wants_page(request) else self._refusal(scope, bug)

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


def _request_id(heads: Heads) -> str:
    """The caller's own id for the request where it has a sound one, else a new one."""
    own = heads.get("x-request-id")
    return own if own is not None and _REQUEST_ID.fullmatch(own) else f"req_{random_bytes(12).hex()}"


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

"""Browsers: which pages may call from elsewhere, what they may send, and which headers they may read."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foretell.api.answers import answer
from foretell.api.heads import heads_of
from foretell.api.idempotency import HEADER, REPLAYED
from foretell.api.limits import EXPOSED as LIMITS
from foretell.dialects import skytells
from foretell.errors import Code, Error

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
VARIES = (b"vary", b"Origin")
"""Says of an answer to who is no page that a page may get another."""
SENT = ("x-api-key", "authorization", "content-type", HEADER)
"""What a page may always send, also when it does not ask."""
EXPOSED = ("x-request-id", "retry-after", "etag", "content-range", "content-disposition", REPLAYED, *LIMITS)


def for_browsers(app: ASGIApp, origins: str) -> ASGIApp:
    """`app` for pages of these origins, with commas between them; `*` are all, and without any the app alone."""
    allowed = [each.strip() for each in origins.split(",") if each.strip()]
    if not allowed:
        return app
    return _Browsers(
        app, allow_origins=allowed, allow_methods=METHODS, allow_headers=["*"], expose_headers=EXPOSED
    )


class _Browsers(CORSMiddleware):
    """The preflights, answered in JSON as everything is. Who is no page is told that a page may get another answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "origin" in heads_of(scope):
            await super().__call__(scope, receive, send)
            return

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], VARIES]
            await send(message)

        await self.app(scope, receive, varying)

    def preflight_response(self, request_headers: Headers) -> Response:
        found = super().preflight_response(request_headers)
        headers = {name: value for name, value in found.headers.items() if not name.startswith("content-")}
        headers.setdefault("access-control-allow-headers", ", ".join(SENT))
        if found.status_code < 400:
            return answer({}, headers=headers)
        refused = Error(
            Code.INVALID_REQUEST, f"{bytes(found.body).decode()}: pages may not ask for that here."
        )
        status, body = skytells.error_envelope(refused, request_headers.get("x-request-id", ""))
        return answer(body, status, headers=headers)

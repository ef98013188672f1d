"""Sessions: what a browser's cookie opens, and which requests are its own pages' and nobody else's."""

import asyncio
import hmac
import logging
import time
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.auth import CACHED_MAX, LIFE_SECONDS, Caller
from foretell.api.requests import origin
from foretell.api.services import Services
from foretell.errors import Code, Error
from foretell.ids import new_id
from foretell.session import LIFE_SECONDS as SESSION_SECONDS
from foretell.session import Session, csrf_token, new_token, token_digest

CSRF_HEADER = "x-csrf-token"
AGENT_CHARACTERS_MAX = 300
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_log = logging.getLogger(__name__)


class Sessions:
    """Verified sessions, kept for a moment so that the database is not asked on every request."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._config = services.config
        self._verified: dict[str, tuple[Caller, float]] = {}
        self._touching: set[asyncio.Task[None]] = set()
        self._forgotten = 0

    @property
    def cookie(self) -> str:
        """The cookie's name. Servers on one machine share a browser's cookies, whatever their ports."""
        return "foretell_session" if self._config.public_url else f"foretell_session_{self._config.port}"

    def forget(self) -> None:
        """Verifies every session anew at its next use."""
        self._forgotten += 1
        self._verified.clear()

    def token(self, request: Request) -> str | None:
        """The token that a request's cookie carries, whatever it is worth."""
        return request.cookies.get(self.cookie) if "cookie" in request.headers else None

    async def caller(self, request: Request) -> Caller | None:
        """Who is signed in where the request comes from; None: nobody, or not any more.

        Says nothing about who made the browser ask: a page may be shown, anything else needs `admitted`.
        """
        token = self.token(request)
        if token is None or len(token) > 200:
            return None
        digest = token_digest(token)
        found = self._verified.get(digest)
        if found is None or found[1] < time.monotonic():
            forgotten = self._forgotten
            caller = await self._verify(digest)
            if caller is None:
                return None
            found = caller, time.monotonic() + LIFE_SECONDS
            if forgotten == self._forgotten:
                self._keep(digest, found)
        return found[0]

    async def admitted(self, request: Request) -> Caller | None:
        """The same, for the API: None without a session. Raises Error(FORBIDDEN) where another site may be asking."""
        caller = await self.caller(request)
        if caller is not None and not self.is_asked_by_own_page(request):
            message = "A session opens the API to this server's own pages alone; others send a key."
            raise Error(Code.FORBIDDEN, message)
        return caller

    def new(self, request: Request, who: Caller) -> tuple[Session, str]:
        """A new session for whoever has shown a key or a link, and its token; nothing is stored yet."""
        now, token = time.time_ns() // 1_000, new_token()
        session = Session(
            id=new_id(),
            account_id=who.account.id,
            sha256=token_digest(token),
            created_at=now,
            seen_at=now,
            key_id=None if who.key is None else who.key.id,
            key_sha256=None if who.raw_key is None else token_digest(who.raw_key),
            agent=request.headers.get("user-agent", "")[:AGENT_CHARACTERS_MAX],
            address="" if request.client is None else request.client.host,
        )
        return session, token

    def hand_over(self, request: Request, response: Response, token: str | None) -> None:
        """Lets the answer give the browser its cookie; None takes it away."""
        response.set_cookie(
            self.cookie,
            token or "",
            max_age=0 if token is None else SESSION_SECONDS,
            path="/",
            httponly=True,
            samesite="lax",
            secure=origin(request).startswith("https://"),
        )

    def is_asked_by_own_page(self, request: Request) -> bool:
        """Whether a script or a form of this server's pages makes the browser ask."""
        token = self.token(request) or ""
        sent = request.headers.get(CSRF_HEADER, "")
        knows = hmac.compare_digest(sent.encode(), csrf_token(token).encode())
        if not is_same_origin(request):
            return False
        is_read = request.method in _SAFE_METHODS and request.headers.get("sec-fetch-site") == "same-origin"
        return knows or is_read

    def _keep(self, digest: str, found: tuple[Caller, float]) -> None:
        if len(self._verified) >= CACHED_MAX:
            self._verified.clear()
        self._verified[digest] = found

    async def _verify(self, digest: str) -> Caller | None:
        session = await self._store.session(digest)
        now = time.time_ns() // 1_000
        if session is None or now >= session.ends_at:
            return None
        account = await self._store.account(session.account_id)
        if account is None or account.suspended_at is not None:
            return None
        key = None
        if session.key_id is not None and session.key_sha256 is not None:
            key = await self._store.key(session.key_id)
            # A session may do what its key may, and for as long: a key that was given another secret opens no more.
            if key is None or not key.opens(session.key_sha256, at=now):
                return None
        self._touch(session.id)
        return Caller(account, key, None, session=session)

    def _touch(self, session_id: str) -> None:
        touching = asyncio.create_task(self._touched(session_id))
        self._touching.add(touching)
        touching.add_done_callback(self._touching.discard)

    async def _touched(self, session_id: str) -> None:
        try:
            await self._store.touch_session(session_id)
        except Error as error:
            _log.warning("that a session was used could not be noted: %s", error.message)


def is_same_origin(request: Request) -> bool:
    """Whether nothing about a request says that another site made the browser send it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    sent = request.headers.get("origin")
    if sent is None:
        return True
    host = urlsplit(sent).netloc
    return bool(host) and host in {urlsplit(origin(request)).netloc, request.headers.get("host", "")}


def csrf_of(request: Request) -> str:
    """The word that this browser's own pages send with what they ask."""
    found: Sessions = request.scope["foretell.edge"].sessions
    return csrf_token(found.token(request) or "")

"""Who calls: keys, accounts, and the operator on the server's own socket."""

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import EVERY_SCOPE, Account, Key, Role, Scope, key_digest, key_id_of
from foretell.api.operations import Access, accessible, needing, scope_of
from foretell.api.requests import ACCOUNT_HEADER, edge, is_local
from foretell.api.services import Services
from foretell.errors import Code, Error
from foretell.session import Session

LIFE_SECONDS = 5.0
"""How long a verified key is trusted when no notice says that keys changed."""

CACHED_MAX = 10_000
DEFAULT_ACCOUNT = "default"

_log = logging.getLogger(__name__)
_NOBODY = Key(id="", account_id="", name="", sha256="0" * 64, last4="", created_at=0, revoked_at=0)

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """Whom a request acts for. `raw_key` is the key as sent; without one it came by the local socket.

    `sees_all`: the operator on the local socket, who named no account: what anyone made is in reach.
    `session`: by a browser that is signed in, with `key` or, without one, with a link.
    """

    account: Account
    key: Key | None
    raw_key: str | None
    sees_all: bool = False
    session: Session | None = None

    @property
    def is_operator(self) -> bool:
        is_local = self.key is None and self.session is None
        return is_local or self.account.role is Role.OPERATOR

    @property
    def scope(self) -> str | None:
        """The account whose things are in reach; None: everybody's."""
        return None if self.sees_all else self.account.id

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may do with what is in reach."""
        return EVERY_SCOPE if self.key is None else self.key.scopes

    def reaches(self, account_id: str) -> bool:
        """Whether what that account made is in reach."""
        return self.scope in {None, account_id}

    def require(self, scope: Scope) -> None:
        """Raises Error(FORBIDDEN) when the caller's key may not do such things."""
        if scope not in self.scopes:
            raise Error(Code.FORBIDDEN, f"This key may not do that: it lacks the scope '{scope}'.")

    @property
    def is_choosy(self) -> bool:
        """Whether the caller's key may run some models alone."""
        return self.key is not None and self.key.models is not None

    def may_run(self, *names: str) -> bool:
        """Whether the caller's key may run the model of these names."""
        return self.key is None or self.key.allows_model(*names)

    def require_model(self, *names: str) -> None:
        """Raises Error(FORBIDDEN) when the caller's key may not run the model of these names."""
        if not self.may_run(*names):
            raise Error(Code.FORBIDDEN, f"This key may not use the model '{names[0]}'.")


class Keys:
    """Verified keys, kept for a moment so that the database is not asked on every request."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._seal = services.seal
        self._sealed: set[tuple[str, str]] = set()
        self._fixed = services.config.key
        self._verified: dict[str, tuple[Caller, float]] = {}
        self._touching: set[asyncio.Task[None]] = set()
        self._forgotten = 0

    def forget(self) -> None:
        """Verifies every key anew at its next use."""
        self._forgotten += 1
        self._verified.clear()
        self._sealed.clear()

    async def seal(self, caller: Caller) -> None:
        """Sees that the caller's raw key can be used to sign their webhooks: it is sealed once."""
        key, raw = caller.key, caller.raw_key
        if key is None or raw is None or (key.id, raw) in self._sealed:
            return
        if not hmac.compare_digest(key.sha256, key_digest(raw)):
            await self._store.seal_former(key.id, self._seal.seal(raw.encode()))
        elif await self._store.sealed_key(key.id) is None:
            await self._store.seal_key(key.id, self._seal.seal(raw.encode()))
        self._sealed.add((key.id, raw))

    async def caller(self, raw: str) -> Caller:
        """Whose key this is. Raises Error(UNAUTHORIZED) or Error(SUSPENDED)."""
        found = self.at_hand(raw)
        if found is None:
            forgotten = self._forgotten
            found, seconds = await self._verify(raw, key_digest(raw))
            # What was read before keys changed may be what no longer holds.
            if forgotten == self._forgotten:
                self._keep(raw, found, time.monotonic() + seconds)
        return found

    def at_hand(self, raw: str) -> Caller | None:
        """The same, where nothing has to be read for it."""
        found = self._verified.get(raw)
        return None if found is None or found[1] < time.monotonic() else found[0]

    def _keep(self, raw: str, caller: Caller, until_seconds: float) -> None:
        if len(self._verified) >= CACHED_MAX:
            self._verified.clear()
        self._verified[raw] = caller, until_seconds

    async def _verify(self, raw: str, digest: str) -> tuple[Caller, float]:
        """Who calls, and for how many seconds that can be trusted.

        Unknown keys and wrong ones take the same steps: how long a refusal takes says nothing about which keys exist.
        """
        found = await self._found(raw, digest)
        now = time.time_ns() // 1_000
        key = _NOBODY if found is None else found
        if not key.opens(digest, at=now):
            raise Error(Code.UNAUTHORIZED, "The API key is not valid.")
        account = await self._store.account(key.account_id)
        if account is None:
            raise Error(Code.UNAUTHORIZED, "The API key is not valid.")
        if account.suspended_at is not None:
            raise Error(Code.SUSPENDED, f"The account '{account.name}' is suspended.")
        self._touch(key.id)
        until_at = key.good_until_at(is_former=key.sha256 != digest)
        left_seconds = LIFE_SECONDS if until_at is None else (until_at - now) / 1_000_000
        return Caller(account, key, raw), min(LIFE_SECONDS, left_seconds)

    def _touch(self, key_id: str) -> None:
        """Notes that the key was used. Nobody waits for that: what can only be read is still readable."""
        touching = asyncio.create_task(self._touched(key_id))
        self._touching.add(touching)
        touching.add_done_callback(self._touching.discard)

    async def _touched(self, key_id: str) -> None:
        try:
            await self._store.touch_key(key_id)
        except Error as error:
            _log.warning("that a key was used could not be noted: %s", error.message)

    async def _found(self, raw: str, digest: str) -> Key | None:
        """The stored key that `raw` may be: the configured one by its digest, any other by its public id."""
        if self._fixed and hmac.compare_digest(raw.encode(), self._fixed.encode()):
            return await self._store.key_by_digest(digest)
        # A word that is no key of ours is looked for as well, under an id that none has.
        return await self._store.key(key_id_of(raw) or "")


async def authenticate(request: Request) -> Caller:
    """Who calls. Raises Error(UNAUTHORIZED) when the request has no valid key."""
    if is_local(request):
        return await _local_caller(request)
    raw = raw_key(request)
    if raw is None and (signed_in := await edge(request).sessions.admitted(request)) is not None:
        return signed_in
    if raw is None:
        message = "An API key is required: send it in the x-api-key header, or as Authorization: Bearer."
        raise Error(Code.UNAUTHORIZED, message)
    return await edge(request).keys.caller(raw)


def raw_key(request: Request) -> str | None:
    """The key that a request carries; `x-api-key` wins over `Authorization`."""
    sent = request.headers.get("x-api-key", "").strip()
    if sent:
        return sent
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    return rest.strip() or None if scheme.lower() in {"bearer", "token", "key"} else None


def keyed(handler: Handler, scope: Scope | None = None) -> Handler:
    """`handler` for callers with a key that has `scope`; None: what the method says."""

    @needing(scope)
    @accessible(Access.KEY)
    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        await _admit(request, scope_of(endpoint, request.method))
        return await handler(request)

    return endpoint


def open_to_all(handler: Handler) -> Handler:
    """`handler` also for callers without a key; a wrong key is refused all the same."""

    @accessible(Access.OPEN)
    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        request.scope["foretell.caller"] = None
        if raw_key(request) is not None or is_local(request) or await _is_signed_in(request):
            await _admit(request, scope_of(endpoint, request.method))
        return await handler(request)

    return endpoint


def operators_only(handler: Handler, scope: Scope = Scope.MANAGE) -> Handler:
    """`handler` for operators whose key has `scope`, and for whoever reaches the server's own socket."""

    @needing(scope)
    @accessible(Access.OPERATOR)
    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        caller = await _admit(request, scope)
        if not caller.is_operator:
            raise Error(Code.FORBIDDEN, "Only an operator may do this.")
        return await handler(request)

    return endpoint


async def _is_signed_in(request: Request) -> bool:
    """Whether one of this server's pages asks for somebody who is signed in; all others are callers without a key."""
    sessions = edge(request).sessions
    is_own = sessions.token(request) is not None and sessions.is_asked_by_own_page(request)
    return is_own and await sessions.caller(request) is not None


async def _admit(request: Request, scope: Scope) -> Caller:
    """Who calls. Raises Error(UNAUTHORIZED), Error(SUSPENDED), or Error(FORBIDDEN) without that scope."""
    raw = None if is_local(request) else request.headers.get("x-api-key")
    found = None if raw is None else edge(request).keys.at_hand(raw)
    caller = await authenticate(request) if found is None else found
    caller.require(scope)
    request.scope["foretell.caller"] = caller
    return caller


async def _local_caller(request: Request) -> Caller:
    """Who reaches the server's private socket is its operator, acting for an account."""
    name = request.headers.get(ACCOUNT_HEADER, DEFAULT_ACCOUNT)
    account = await edge(request).services.store.account(name)
    if account is None:
        raise Error(Code.NOT_FOUND, f"There is no account '{name}'.")
    return Caller(account, None, None, sees_all=ACCOUNT_HEADER not in request.headers)

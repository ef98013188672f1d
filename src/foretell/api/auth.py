"""Who calls: keys, accounts, and the operator on the server's own socket."""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Account, Key, Role, key_digest, key_id_of
from foretell.api.operations import Access, accessible
from foretell.api.requests import ACCOUNT_HEADER, edge, is_local
from foretell.api.services import Services
from foretell.errors import Code, Error

LIFE_SECONDS = 5.0
"""How long a verified key is trusted when no notice says that keys changed."""

CACHED_MAX = 10_000
DEFAULT_ACCOUNT = "default"

_log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request acts for. `raw_key` is the key as sent; without one it came by the local socket.

    `sees_all`: the operator on the local socket, who named no account: what anyone made is in reach.
    """

    account: Account
    key: Key | None
    raw_key: str | None
    sees_all: bool = False

    @property
    def is_operator(self) -> bool:
        return self.key is None or self.account.role is Role.OPERATOR

    @property
    def scope(self) -> str | None:
        """The account whose things are in reach; None: everybody's."""
        return None if self.sees_all else self.account.id

    def reaches(self, account_id: str) -> bool:
        """Whether what that account made is in reach."""
        return self.scope in {None, account_id}


class Keys:
    """Verified keys, kept for a moment so that the database is not asked on every request."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._seal = services.seal
        self._sealed: set[str] = set()
        self._fixed = services.config.key
        self._verified: dict[bytes, tuple[Caller, float]] = {}
        self._touching: set[asyncio.Task[None]] = set()
        self._forgotten = 0

    def forget(self) -> None:
        """Verifies every key anew at its next use."""
        self._forgotten += 1
        self._verified.clear()
        self._sealed.clear()

    async def seal(self, caller: Caller) -> None:
        """Sees that the caller's raw key can be used to sign their webhooks: it is sealed once."""
        if caller.key is None or caller.raw_key is None or caller.key.id in self._sealed:
            return
        if await self._store.sealed_key(caller.key.id) is None:
            await self._store.seal_key(caller.key.id, self._seal.seal(caller.raw_key.encode()))
        self._sealed.add(caller.key.id)

    async def caller(self, raw: str) -> Caller:
        """Whose key this is. Raises Error(UNAUTHORIZED) or Error(SUSPENDED)."""
        digest = hashlib.sha256(raw.encode()).digest()
        found = self._verified.get(digest)
        if found is None or found[1] < time.monotonic():
            forgotten = self._forgotten
            found = await self._verify(raw), time.monotonic() + LIFE_SECONDS
            # What was read before keys changed may be what no longer holds.
            if forgotten == self._forgotten:
                self._keep(digest, found)
        return found[0]

    def _keep(self, digest: bytes, found: tuple[Caller, float]) -> None:
        if len(self._verified) >= CACHED_MAX:
            self._verified.clear()
        self._verified[digest] = found

    async def _verify(self, raw: str) -> Caller:
        key = await self._key(raw)
        now = time.time_ns() // 1_000
        if (
            key is None
            or key.revoked_at is not None
            or (key.expires_at is not None and key.expires_at <= now)
        ):
            raise Error(Code.UNAUTHORIZED, "The API key is not valid.")
        account = await self._store.account(key.account_id)
        if account is None:
            raise Error(Code.UNAUTHORIZED, "The API key is not valid.")
        if account.suspended_at is not None:
            raise Error(Code.SUSPENDED, f"The account '{account.name}' is suspended.")
        self._touch(key.id)
        return Caller(account, key, raw)

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

    async def _key(self, raw: str) -> Key | None:
        """The stored key that `raw` is: the configured one by its digest, any other by its public id."""
        if self._fixed and hmac.compare_digest(raw.encode(), self._fixed.encode()):
            return await self._store.key_by_digest(key_digest(raw))
        key_id = key_id_of(raw)
        key = None if key_id is None else await self._store.key(key_id)
        return key if key is not None and key.matches(raw) else None


async def authenticate(request: Request) -> Caller:
    """Who calls. Raises Error(UNAUTHORIZED) when the request has no valid key."""
    if is_local(request):
        return await _local_caller(request)
    raw = raw_key(request)
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


def keyed(handler: Handler) -> Handler:
    """`handler` for callers with a key."""

    @accessible(Access.KEY)
    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        request.scope["foretell.caller"] = await authenticate(request)
        return await handler(request)

    return endpoint


def open_to_all(handler: Handler) -> Handler:
    """`handler` also for callers without a key; a wrong key is refused all the same."""

    @accessible(Access.OPEN)
    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        anonymous = raw_key(request) is None and not is_local(request)
        request.scope["foretell.caller"] = None if anonymous else await authenticate(request)
        return await handler(request)

    return endpoint


async def require_operator(request: Request) -> None:
    """Lets operators pass. Raises Error(UNAUTHORIZED) or Error(FORBIDDEN) for everyone else."""
    caller = await authenticate(request)
    if not caller.is_operator:
        raise Error(Code.FORBIDDEN, "Only an operator may do this.")
    request.scope["foretell.caller"] = caller


async def _local_caller(request: Request) -> Caller:
    """Who reaches the server's private socket is its operator, acting for an account."""
    name = request.headers.get(ACCOUNT_HEADER, DEFAULT_ACCOUNT)
    account = await edge(request).services.store.account(name)
    if account is None:
        raise Error(Code.NOT_FOUND, f"There is no account '{name}'.")
    return Caller(account, None, None, sees_all=ACCOUNT_HEADER not in request.headers)

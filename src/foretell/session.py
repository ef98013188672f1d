"""Sessions: who has signed in to the dashboard, with what, and for how long."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from foretell.account import key_digest

LIFE_SECONDS = 30 * 86_400
IDLE_SECONDS = 7 * 86_400
"""A session that was not used for so long has ended."""
LINK_SECONDS = 15 * 60
"""How long a link to sign in with is good, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in to an account. `sha256` is the digest of its token, which only the browser has.

    `key_id` and `key_sha256` name the key it was begun with, which limits what it may; None: it was begun with a link.
    `agent` is what the browser calls itself, `address` where it was.
    """

    id: str
    account_id: str
    sha256: str
    created_at: int
    seen_at: int
    key_id: str | None = None
    key_sha256: str | None = None
    agent: str = ""
    address: str = ""

    @property
    def ends_at(self) -> int:
        """When it ends if it is not used again."""
        return min(self.created_at + LIFE_SECONDS * 1_000_000, self.seen_at + IDLE_SECONDS * 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that signs somebody in, once. `sha256` is the digest of its token."""

    account_id: str
    sha256: str
    expires_at: int


def new_token() -> str:
    """A fresh secret for a session or a link, with 256 random bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return key_digest(token)


def csrf_token(token: str) -> str:
    """The word that a session's own pages know and no other site can: it follows from the session's token alone."""
    return hmac.new(token.encode(), b"foretell csrf", hashlib.sha256).hexdigest()


def new_link(account_id: str, *, at: int) -> tuple[Link, str]:
    """A link that is good from that instant on, and its token."""
    token = new_token()
    ends_at = at + LINK_SECONDS * 1_000_000
    return Link(account_id=account_id, sha256=token_digest(token), expires_at=ends_at), token

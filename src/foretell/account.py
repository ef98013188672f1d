"""Accounts and their keys: who calls."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

from foretell.allowance import Allowance

_KEY = re.compile(r"sk-(?P<id>[a-z0-9]{12})_(?P<secret>[0-9a-f]{48})(?P<crc>[0-9a-f]{8})")
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class Role(StrEnum):
    """A member sees their account; an operator sees everything."""

    MEMBER = "member"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Someone who calls: owner of keys, predictions and files."""

    id: str
    name: str
    role: Role
    created_at: int
    suspended_at: int | None = None
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key as stored. The key itself is shown once, at creation; `sha256` is its digest."""

    id: str
    account_id: str
    name: str
    sha256: str
    last4: str
    created_at: int
    last_used_at: int | None = None
    expires_at: int | None = None
    revoked_at: int | None = None
    allowance: Allowance = field(default_factory=Allowance)

    def matches(self, raw: str) -> bool:
        """Whether `raw` is this key, compared in constant time."""
        return hmac.compare_digest(self.sha256, key_digest(raw))


def new_key() -> tuple[str, str]:
    """A fresh key as `(public id, whole key)`: `sk-<id>_<secret><crc>` with 192 random bits."""
    key_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(12))
    body = f"sk-{key_id}_{secrets.token_hex(24)}"
    return key_id, f"{body}{_crc(body)}"


def key_id_of(raw: str) -> str | None:
    """The public id inside a key of our own form; None for any other word, also for a mistyped key."""
    match = _KEY.fullmatch(raw)
    if match is None or _crc(raw[:-8]) != match["crc"]:
        return None
    return match["id"]


def key_digest(raw: str) -> str:
    """The SHA-256 of a key, in hex."""
    return hashlib.sha256(raw.encode()).hexdigest()


def _crc(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"

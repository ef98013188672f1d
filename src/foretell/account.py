"""Accounts and their keys: who calls."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from foretell.allowance import Allowance
from foretell.retention import Retention

_KEY = re.compile(r"sk-(?P<id>[a-z0-9]{12})_(?P<secret>[0-9a-f]{48})(?P<crc>[0-9a-f]{8})")
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_GLOB = re.compile(r"[*?\[]")


class Role(StrEnum):
    """A member sees their account; an operator sees everything."""

    MEMBER = "member"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What a key may do with its account's things: look at them; create, cancel and upload; all else."""

    READ = "read"
    RUN = "run"
    MANAGE = "manage"


EVERY_SCOPE = frozenset(Scope)


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
    """An API key as stored. The key itself is shown once, at creation; `sha256` is its digest.

    `models` are names and globs of the models it may run; None: any. A key that was given a new secret opens with
    its former one until `former_until_at`.
    """

    id: str
    account_id: str
    name: str
    sha256: str
    last4: str
    created_at: int
    last_used_at: int | None = None
    expires_at: int | None = None
    revoked_at: int | None = None
    scopes: frozenset[Scope] = EVERY_SCOPE
    models: tuple[str, ...] | None = None
    former_sha256: str | None = None
    former_until_at: int | None = None
    allowance: Allowance = field(default_factory=Allowance)
    retention: Retention = field(default_factory=Retention)

    def opens(self, digest: str, *, at: int) -> bool:
        """Whether the key with that digest opens what this one does at that instant, compared in constant time."""
        is_current = hmac.compare_digest(self.sha256, digest)
        is_former = hmac.compare_digest(self.former_sha256 or self.sha256, digest) and not is_current
        until_at = self.good_until_at(is_former=is_former)
        return (is_current or is_former) and self.revoked_at is None and (until_at is None or at < until_at)

    def good_until_at(self, *, is_former: bool) -> int | None:
        """When it, or its former secret, is refused from; None: never, as far as is known."""
        ends = [self.expires_at, self.former_until_at if is_former else None]
        return min((each for each in ends if each is not None), default=None)

    def allows_model(self, *names: str) -> bool:
        """Whether it may run a model that has these names."""
        return self.models is None or any(allows(each, name) for each in self.models for name in names)


def allows(pattern: str, name: str) -> bool:
    """Whether a name or glob means that model, in whatever case and with or without a vendor before it."""
    return fnmatchcase(_slug(name), _slug(pattern))


def missing(wanted: Key, giver: Key) -> list[str]:
    """What `wanted` would let its holder do and `giver` does not, a phrase each."""
    found = [f"the scope '{each}'" for each in sorted(wanted.scopes - giver.scopes)]
    found += [f"the model '{each}'" for each in _models_beyond(wanted.models, giver.models)]
    if giver.expires_at is not None and (wanted.expires_at is None or wanted.expires_at > giver.expires_at):
        found.append("so long a life")
    pairs = [
        (wanted.allowance.requests_per_minute, giver.allowance.requests_per_minute),
        (wanted.allowance.concurrency_max, giver.allowance.concurrency_max),
    ]
    if any(limit is not None and (asked is None or asked > limit) for asked, limit in pairs):
        found.append("so high a limit")
    return found


def new_key() -> tuple[str, str]:
    """A fresh key as `(public id, whole key)`: `sk-<id>_<secret><crc>` with 192 random bits."""
    key_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(12))
    return key_id, new_secret(key_id)


def new_secret(key_id: str) -> str:
    """A whole key with that public id, and with a fresh secret."""
    body = f"sk-{key_id}_{secrets.token_hex(24)}"
    return f"{body}{_crc(body)}"


def key_id_of(raw: str) -> str | None:
    """The public id inside a key of our own form; None for any other word, also for a mistyped key."""
    match = _KEY.fullmatch(raw)
    if match is None or _crc(raw[:-8]) != match["crc"]:
        return None
    return match["id"]


def key_digest(raw: str) -> str:
    """The SHA-256 of a key, in hex."""
    return hashlib.sha256(raw.encode()).hexdigest()


def _models_beyond(wanted: Iterable[str] | None, given: Iterable[str] | None) -> list[str]:
    """A glob is within another list only where the list has the same glob, or one that means every model."""
    if given is None:
        return []
    known = {_slug(each) for each in given}
    return [
        each
        for each in (["*"] if wanted is None else wanted)
        if not (
            _slug(each) in known
            or "*" in known
            or (not _GLOB.search(each) and any(allows(pattern, each) for pattern in known))
        )
    ]


def _slug(name: str) -> str:
    return name.rsplit("/", 1)[-1].casefold()


def _crc(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"

"""Granting: what a key may do, as who creates or changes it says; never more than their own key may."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Protocol

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request

from foretell.account import EVERY_SCOPE, Account, Key, Scope, key_digest, missing, new_key, new_secret
from foretell.allowance import Allowance
from foretell.api.requests import caller, services
from foretell.errors import Code, Error
from foretell.ledger import Caps
from foretell.retention import Retention
from foretell.store.keys import NewSecret

NAME_CHARACTERS_MAX = 100
KEYS_MAX = 1_000
"""Keys of an account that are not revoked."""
LIFE_SECONDS_MAX = 10 * 365 * 86_400
OVERLAP_SECONDS_MAX = 30 * 86_400
LIMIT_MAX = 1_000_000_000

Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX)] | None
"""How many; null: any number."""
Scopes = Annotated[
    Annotated[list[Scope], Meta(min_length=1, max_length=3)],
    Meta(
        description="`read`: look at what is the account's. `run`: create, cancel, upload. `manage`: delete, keys, "
        "secrets.",
        examples=[["read", "run"]],
    ),
]
Pattern = Annotated[str, Meta(min_length=1, max_length=200)]
Models = Annotated[
    Annotated[list[Pattern], Meta(max_length=100)] | None,
    Meta(
        description="Names, aliases and globs of the models that it may run; null: every model.",
        examples=[["truefusion", "gpt-*"]],
    ),
]
Life = Annotated[
    Annotated[int, Meta(ge=1, le=LIFE_SECONDS_MAX)] | None,
    Meta(description="In how many seconds it expires; null: never."),
]


class Granted(Protocol):
    """A body that says what a key may; what is left out stays, or is what the caller's own key may."""

    scopes: Scopes | UnsetType
    models: Models | UnsetType
    expires_in_seconds: Life | UnsetType
    requests_per_minute: Limit | UnsetType
    concurrency_max: Limit | UnsetType


class Rotation(msgspec.Struct):
    """How a key gets its next secret."""

    overlap_seconds: Annotated[
        float,
        Meta(ge=0, le=OVERLAP_SECONDS_MAX, description="For how long the secret before it still opens."),
    ] = 0.0


def granted(request: Request, account: Account, name: str, wanted: Granted) -> tuple[Key, str]:
    """A new key of the account, and the key itself. Raises Error(FORBIDDEN) for more than the caller's key may."""
    key_id, raw = new_key()
    giver = caller(request).key
    plain = Key(
        id=key_id,
        account_id=account.id,
        name=sound_name(name),
        sha256=key_digest(raw),
        last4=raw[-4:],
        created_at=_now(),
        scopes=EVERY_SCOPE if giver is None else giver.scopes,
        models=None if giver is None else giver.models,
        expires_at=None if giver is None else giver.expires_at,
        allowance=Allowance() if giver is None else giver.allowance,
        retention=Retention() if giver is None else giver.retention,
    )
    return within_own(request, changed(plain, wanted)), raw


def changed(key: Key, wanted: Granted) -> Key:
    """The key with what is wanted of it."""
    scopes, models, seconds = wanted.scopes, wanted.models, wanted.expires_in_seconds
    requests, concurrent = wanted.requests_per_minute, wanted.concurrency_max
    expires_at = key.expires_at
    if seconds is not UNSET:
        expires_at = None if seconds is None else _now() + seconds * 1_000_000
    return replace(
        key,
        scopes=key.scopes if scopes is UNSET else frozenset(scopes),
        models=key.models if models is UNSET else _patterns(models),
        expires_at=expires_at,
        allowance=replace(
            key.allowance,
            requests_per_minute=key.allowance.requests_per_minute if requests is UNSET else requests,
            concurrency_max=key.allowance.concurrency_max if concurrent is UNSET else concurrent,
        ),
    )


def within_own(request: Request, key: Key) -> Key:
    """The key, if the caller may hand it to somebody. Raises Error(FORBIDDEN) with what it has beyond their own."""
    giver = caller(request).key
    beyond = [] if giver is None else missing(key, giver)
    if beyond:
        message = f"Your key cannot give what it does not have: {', '.join(beyond)}."
        raise Error(Code.FORBIDDEN, message, details=tuple(beyond))
    return key


async def check_room(request: Request, account: Account) -> None:
    """Raises Error(CONFLICT) when the account has as many keys as it may, and what `check_spending` raises."""
    await check_spending(request)
    keys = await services(request).store.keys(account.id)
    if sum(each.revoked_at is None for each in keys) >= KEYS_MAX:
        message = f"The account '{account.name}' has {KEYS_MAX:,} keys already; revoke some."
        raise Error(Code.CONFLICT, message)


async def check_spending(request: Request) -> None:
    """Raises Error(FORBIDDEN) when the caller's key may spend only so much: another one would spend beside it."""
    giver = own_id(request)
    if giver is not None and await services(request).store.caps(giver) != Caps():
        raise Error(Code.FORBIDDEN, "Your key may spend only so much, and so it gives out no other keys.")


def own_id(request: Request) -> str | None:
    """The id of the caller's own key."""
    key = caller(request).key
    return None if key is None else key.id


def next_secret(request: Request, key: Key, rotation: Rotation) -> tuple[NewSecret, str]:
    """Another secret for the key, and the whole key. Raises Error(CONFLICT) for one that the configuration fixes."""
    at = services(request)
    within_own(request, key)
    if at.config.key and key.sha256 == key_digest(at.config.key):
        raise Error(Code.CONFLICT, "The key is fixed by the configuration, which only it can change.")
    raw = new_secret(key.id)
    new = NewSecret(
        sha256=key_digest(raw),
        last4=raw[-4:],
        sealed=at.seal.seal(raw.encode()),
        overlap_seconds=rotation.overlap_seconds,
    )
    return new, raw


def sound_name(name: str) -> str:
    """The name without space around it. Raises Error(INVALID_PARAMETER) when it is not sound."""
    name = name.strip()
    if not name or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        message = f"A name has 1 to {NAME_CHARACTERS_MAX} printable characters."
        raise Error(Code.INVALID_PARAMETER, message)
    return name


def _patterns(models: Iterable[str] | None) -> tuple[str, ...] | None:
    if models is None:
        return None
    found = tuple(dict.fromkeys(each.strip() for each in models))
    if not all(each and each.isprintable() for each in found):
        raise Error(Code.INVALID_PARAMETER, "The name of a model has at least one printable character.")
    return found


def _now() -> int:
    return time.time_ns() // 1_000

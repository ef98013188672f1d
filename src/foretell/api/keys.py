"""Keys of the caller's own account."""

import time
from dataclasses import replace

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Key
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.granting import (
    Life,
    Limit,
    Models,
    Rotation,
    Scopes,
    changed,
    check_room,
    check_spending,
    granted,
    next_secret,
    own_id,
    sound_name,
    within_own,
)
from foretell.api.operations import operation
from foretell.api.requests import body_of, caller, services
from foretell.audit import Action
from foretell.dialects.skytells import messages, timestamp
from foretell.dialects.skytells.money import render_caps
from foretell.errors import Code, Error
from foretell.ledger import month_of
from foretell.store import Store


class OwnKey(msgspec.Struct):
    """What creates a key. What is left out is as with the key that asks."""

    name: str
    scopes: Scopes | UnsetType = UNSET
    models: Models | UnsetType = UNSET
    expires_in_seconds: Life | UnsetType = UNSET
    requests_per_minute: Limit | UnsetType = UNSET
    concurrency_max: Limit | UnsetType = UNSET


class KeyChange(msgspec.Struct):
    """What is to be different about a key; what is left out stays as it is, and null takes a limit away."""

    name: str | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    models: Models | UnsetType = UNSET
    expires_in_seconds: Life | UnsetType = UNSET
    requests_per_minute: Limit | UnsetType = UNSET
    concurrency_max: Limit | UnsetType = UNSET


PATH = {"key": "Its id."}
CHANGES = {
    "Ten a minute": {"requests_per_minute": 10},
    "Only look": {"scopes": ["read"]},
    "Two models, for a day": {"models": ["truefusion", "deepbrain"], "expires_in_seconds": 86_400},
}
REFUSALS = (Code.NOT_FOUND, Code.INVALID_PARAMETER, Code.CONFLICT)
ROTATION = (
    "Gives it another secret, which is in this answer and nowhere else. The one before it opens for "
    "`overlap_seconds` more, and signs webhooks until the new one has created a prediction that has one."
)

_decoder = msgspec.json.Decoder(OwnKey)
_change = msgspec.json.Decoder(KeyChange)
_rotation = msgspec.json.Decoder(Rotation)


@operation("List your keys", tag="Keys", answer=messages.KeyList)
async def index(request: Request) -> Response:
    """The keys of the caller's account, without their secrets."""
    store = services(request).store
    names = {each.id: each.name for each in await store.accounts()}
    found = await store.keys(caller(request).scope)
    body: messages.KeyList = {
        "data": [rendered(each, account=names.get(each.account_id, "")) for each in found]
    }
    return answer(body)


@operation(
    "Get one of your keys", tag="Keys", path=PATH, answer=messages.KeyMessage, errors=(Code.NOT_FOUND,)
)
async def get(request: Request) -> Response:
    """One key of the caller's account, without its secret."""
    return await shown(request, await reached(request))


@operation(
    "Create a key of your own",
    tag="Keys",
    description="For the same account. It can do no more than the key that asks, live no longer, and ask for as much "
    "at most. The key itself is in this answer and nowhere else.",
    body=OwnKey,
    examples={"For a web page": {"name": "web page", "scopes": ["read"], "expires_in_seconds": 2_592_000}},
    answers={201: messages.NewKeyMessage},
    errors=(Code.INVALID_PARAMETER, Code.CONFLICT),
)
async def create(request: Request) -> Response:
    """The new key. Raises Error(FORBIDDEN) for more than the caller's own has."""
    wanted = await body_of(request, _decoder)
    account = caller(request).account
    await check_room(request, account)
    key, raw = granted(request, account, wanted.name, wanted)
    await services(request).store.by(deed(request, Action.KEY_CREATED, key.id)).create_key(key)
    return answer(with_secret(key, raw, account=account.name), 201)


@operation(
    "Change one of your keys",
    tag="Keys",
    description="What it may do, for how long, and how much. It can be given no more than the key that asks has.",
    path=PATH,
    body=KeyChange,
    examples=CHANGES,
    answer=messages.KeyMessage,
    errors=REFUSALS,
)
async def change(request: Request) -> Response:
    """The key as it is from now on. Raises Error(CONFLICT) for a revoked one."""
    wanted = await body_of(request, _change)
    before = await reached(request)
    after = within_own(request, changed(before, wanted))
    if wanted.name is not UNSET:
        after = replace(after, name=sound_name(wanted.name))
    store = services(request).store
    found = await store.by(deed(request, Action.KEY_CHANGED, before.id)).change_key(after)
    return await shown(request, found)


@operation(
    "Rotate one of your keys",
    tag="Keys",
    description=ROTATION,
    path=PATH,
    body=Rotation,
    examples={"At once": {}, "Within a day": {"overlap_seconds": 86_400}},
    answer=messages.NewKeyMessage,
    errors=REFUSALS,
)
async def rotate(request: Request) -> Response:
    """The key with its next secret. Raises Error(CONFLICT) for a revoked one."""
    rotation = await body_of(request, _rotation)
    before = await reached(request)
    if before.id != own_id(request):
        await check_spending(request)
    new, raw = next_secret(request, before, rotation)
    store = services(request).store
    key = await store.by(deed(request, Action.KEY_ROTATED, before.id)).rotate_key(before.id, new)
    account = await store.account(key.account_id)
    return answer(with_secret(key, raw, account="" if account is None else account.name))


@operation(
    "Revoke one of your keys",
    tag="Keys",
    description="It is refused from now on. Revoking again changes nothing.",
    path=PATH,
    answer=messages.KeyMessage,
    errors=(Code.NOT_FOUND,),
)
async def revoke(request: Request) -> Response:
    """The key, which opens nothing any more."""
    before = await reached(request)
    store = services(request).store
    found = await store.by(deed(request, Action.KEY_REVOKED, before.id)).revoke_key(before.id)
    return await shown(request, found or before)


@operation(
    "Get what one of your keys may spend",
    tag="Keys",
    description="Beside what it has spent. Only an operator changes it.",
    path=PATH,
    answer=messages.CapsMessage,
    errors=(Code.NOT_FOUND,),
)
async def credits(request: Request) -> Response:
    """How much a key may spend, and has."""
    key = await reached(request)
    return answer(await caps_of(services(request).store, key.id))


async def caps_of(store: Store, owner_id: str) -> messages.CapsMessage:
    """What an account or a key may spend, beside what it has spent."""
    month = month_of(time.time_ns() // 1_000)
    return render_caps(await store.caps(owner_id), await store.spending(owner_id), month=month)


async def reached(request: Request) -> Key:
    """The key of the path, of the caller's account; operators' routes reach every account's.

    Raises Error(NOT_FOUND), whether there is no such key or it is another's.
    """
    key = await services(request).store.key(request.path_params["key"])
    is_operators = request.url.path.startswith("/v1/admin/")
    if key is None or not (is_operators or caller(request).reaches(key.account_id)):
        raise Error(Code.NOT_FOUND, f"There is no key '{request.path_params['key']}'.")
    return key


async def shown(request: Request, key: Key) -> Response:
    account = await services(request).store.account(key.account_id)
    return answer(rendered(key, account="" if account is None else account.name))


def with_secret(key: Key, raw: str, *, account: str) -> messages.NewKeyMessage:
    return {**rendered(key, account=account), "key": raw}


def rendered(key: Key, *, account: str) -> messages.KeyMessage:
    return {
        "id": key.id,
        "name": key.name,
        "account": account,
        "last4": key.last4,
        "scopes": sorted(key.scopes),
        "models": None if key.models is None else list(key.models),
        "created_at": timestamp(key.created_at),
        "last_used_at": _instant(key.last_used_at),
        "expires_at": _instant(key.expires_at),
        "revoked_at": _instant(key.revoked_at),
        "former_until_at": _instant(key.former_until_at),
        "requests_per_minute": key.allowance.requests_per_minute,
        "concurrency_max": key.allowance.concurrency_max,
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else timestamp(at)

"""API keys, as their operator sees them: without their secrets, but for the moment they are made in."""

import time
from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Key, key_digest, new_key
from foretell.api.admin.accounts import existing, sound_name
from foretell.api.admin.allowances import Limit, allowed, changed, shown
from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error


class NewKey(msgspec.Struct):
    """What creates a key; `account` by name or id."""

    name: str
    account: str = "default"
    requests_per_minute: Limit = None
    concurrency_max: Limit = None


class KeyChange(msgspec.Struct):
    """A key's new limits; what is left out stays as it is, and null takes a limit away."""

    requests_per_minute: Limit | msgspec.UnsetType = msgspec.UNSET
    concurrency_max: Limit | msgspec.UnsetType = msgspec.UNSET


_change = msgspec.json.Decoder(KeyChange)
_new_key = msgspec.json.Decoder(NewKey)


@operation(
    "List keys",
    tag="Operator",
    query=messages.KeysQuery,
    answer=messages.KeyList,
    errors=(Code.NOT_FOUND,),
)
async def list_all(request: Request) -> Response:
    store = services(request).store
    of = request.query_params.get("account")
    account_id = None if of is None else (await existing(store, of)).id
    names = {each.id: each.name for each in await store.accounts()}
    found = await store.keys(account_id)
    body: messages.KeyList = {
        "data": [rendered(each, account=names.get(each.account_id, "")) for each in found]
    }
    return answer(body)


@operation(
    "Create a key",
    tag="Operator",
    description="The key itself is in this answer and nowhere else.",
    body=NewKey,
    examples={"For an account": {"name": "production", "account": "web shop"}},
    answers={201: messages.NewKeyMessage},
    errors=(Code.INVALID_PARAMETER, Code.NOT_FOUND),
)
async def create(request: Request) -> Response:
    wanted = await body_of(request, _new_key)
    store = services(request).store
    account = await existing(store, wanted.account)
    key_id, raw = new_key()
    key = Key(
        id=key_id,
        account_id=account.id,
        name=sound_name(wanted.name),
        sha256=key_digest(raw),
        last4=raw[-4:],
        created_at=time.time_ns() // 1_000,
        allowance=allowed(wanted),
    )
    await store.create_key(key)
    shown: messages.NewKeyMessage = {**rendered(key, account=account.name), "key": raw}
    return answer(shown, 201)


@operation(
    "Change a key",
    tag="Operator",
    description="Its limits. Its account's hold beside them.",
    path={"key": "Its id."},
    body=KeyChange,
    examples={"Ten a minute": {"requests_per_minute": 10}, "No limit": {"requests_per_minute": None}},
    answer=messages.KeyMessage,
    errors=(Code.NOT_FOUND,),
)
async def change(request: Request) -> Response:
    wanted = await body_of(request, _change)
    store = services(request).store
    key = await store.key(request.path_params["key"])
    if key is None:
        raise _absent(request)
    allowance = changed(key.allowance, wanted)
    await store.allow_key(key.id, allowance)
    account = await store.account(key.account_id)
    name = "" if account is None else account.name
    return answer(rendered(replace(key, allowance=allowance), account=name))


@operation(
    "Revoke a key",
    tag="Operator",
    description="It is refused from now on. Revoking again changes nothing.",
    path={"key": "Its id."},
    answer=messages.KeyMessage,
    errors=(Code.NOT_FOUND,),
)
async def revoke(request: Request) -> Response:
    """Error(NOT_FOUND) when there is no such key; revoking again changes nothing."""
    store = services(request).store
    key = await store.revoke_key(request.path_params["key"])
    if key is None:
        raise _absent(request)
    account = await store.account(key.account_id)
    return answer(rendered(key, account="" if account is None else account.name))


def rendered(key: Key, *, account: str) -> messages.KeyMessage:
    return {
        "id": key.id,
        "name": key.name,
        "account": account,
        "last4": key.last4,
        "created_at": timestamp(key.created_at),
        "last_used_at": _shown(key.last_used_at),
        "expires_at": _shown(key.expires_at),
        "revoked_at": _shown(key.revoked_at),
        **shown(key.allowance),
    }


def _absent(request: Request) -> Error:
    return Error(Code.NOT_FOUND, f"There is no key '{request.path_params['key']}'.")


def _shown(at: int | None) -> str | None:
    return None if at is None else timestamp(at)

"""API keys, as their operator sees them: without their secrets, but for the moment they are made in."""

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Key, key_digest, new_key
from foretell.api.admin.accounts import existing, sound_name
from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error


class NewKey(msgspec.Struct):
    """What creates a key; `account` by name or id."""

    name: str
    account: str = "default"


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
    )
    await store.create_key(key)
    shown: messages.NewKeyMessage = {**rendered(key, account=account.name), "key": raw}
    return answer(shown, 201)


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
        raise Error(Code.NOT_FOUND, f"There is no key '{request.path_params['key']}'.")
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
    }


def _shown(at: int | None) -> str | None:
    return None if at is None else timestamp(at)

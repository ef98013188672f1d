"""API keys, as their operator sees them: every account's."""

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from foretell.api import keys
from foretell.api.admin.accounts import existing
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.granting import Life, Limit, Models, Rotation, Scopes, check_room, granted
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.audit import Action
from foretell.dialects.skytells import messages
from foretell.errors import Code


class NewKey(msgspec.Struct):
    """What creates a key; `account` by name or id. What is left out is as with the key that asks."""

    name: str
    account: str = "default"
    scopes: Scopes | UnsetType = UNSET
    models: Models | UnsetType = UNSET
    expires_in_seconds: Life | UnsetType = UNSET
    requests_per_minute: Limit | UnsetType = UNSET
    concurrency_max: Limit | UnsetType = UNSET


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
        "data": [keys.rendered(each, account=names.get(each.account_id, "")) for each in found]
    }
    return answer(body)


@operation("Get a key", tag="Operator", path=keys.PATH, answer=messages.KeyMessage, errors=(Code.NOT_FOUND,))
async def get(request: Request) -> Response:
    return await keys.get(request)


@operation(
    "Create a key",
    tag="Operator",
    description="The key itself is in this answer and nowhere else.",
    body=NewKey,
    examples={
        "For an account": {"name": "production", "account": "web shop"},
        "For one model": {"name": "chat", "account": "web shop", "scopes": ["run"], "models": ["deepbrain"]},
    },
    answers={201: messages.NewKeyMessage},
    errors=(Code.INVALID_PARAMETER, Code.NOT_FOUND, Code.CONFLICT),
)
async def create(request: Request) -> Response:
    wanted = await body_of(request, _new_key)
    store = services(request).store
    account = await existing(store, wanted.account)
    await check_room(request, account)
    key, raw = granted(request, account, wanted.name, wanted)
    await store.by(deed(request, Action.KEY_CREATED, key.id)).create_key(key)
    return answer(keys.with_secret(key, raw, account=account.name), 201)


@operation(
    "Change a key",
    tag="Operator",
    description="What it may do, for how long, and how much. Its account's limits hold beside its own.",
    path=keys.PATH,
    body=keys.KeyChange,
    examples={**keys.CHANGES, "No limit": {"requests_per_minute": None}},
    answer=messages.KeyMessage,
    errors=keys.REFUSALS,
)
async def change(request: Request) -> Response:
    return await keys.change(request)


@operation(
    "Rotate a key",
    tag="Operator",
    description=keys.ROTATION,
    path=keys.PATH,
    body=Rotation,
    examples={"At once": {}, "Within a day": {"overlap_seconds": 86_400}},
    answer=messages.NewKeyMessage,
    errors=keys.REFUSALS,
)
async def rotate(request: Request) -> Response:
    return await keys.rotate(request)


@operation(
    "Revoke a key",
    tag="Operator",
    description="It is refused from now on. Revoking again changes nothing.",
    path=keys.PATH,
    answer=messages.KeyMessage,
    errors=(Code.NOT_FOUND,),
)
async def revoke(request: Request) -> Response:
    return await keys.revoke(request)


@operation(
    "Get what a key may spend",
    tag="Operator",
    description="Beside what it has spent.",
    path=keys.PATH,
    answer=messages.CapsMessage,
    errors=(Code.NOT_FOUND,),
)
async def credits(request: Request) -> Response:
    return await keys.credits(request)

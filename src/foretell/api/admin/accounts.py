"""Accounts, as their operator sees them."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Account, Role
from foretell.api.admin.allowances import allowed, changed, shown
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.granting import Limit, sound_name
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.audit import Action
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error
from foretell.store import Store


class NewAccount(msgspec.Struct):
    """What creates an account."""

    name: str
    role: Role = Role.MEMBER
    requests_per_minute: Limit = None
    concurrency_max: Limit = None


class AccountChange(msgspec.Struct):
    """What is to be different about an account; what is left out stays as it is, and null takes a limit away."""

    requests_per_minute: Limit | msgspec.UnsetType = msgspec.UNSET
    concurrency_max: Limit | msgspec.UnsetType = msgspec.UNSET
    suspended: bool | msgspec.UnsetType = msgspec.UNSET


_change = msgspec.json.Decoder(AccountChange)
_new_account = msgspec.json.Decoder(NewAccount)


@operation("List accounts", tag="Operator", answer=messages.AccountList)
async def list_all(request: Request) -> Response:
    found = await services(request).store.accounts()
    body: messages.AccountList = {"data": [rendered(each) for each in found]}
    return answer(body)


@operation(
    "Create an account",
    tag="Operator",
    body=NewAccount,
    examples={"A member": {"name": "web shop"}, "With limits": {"name": "trial", "requests_per_minute": 25}},
    answers={201: messages.AccountMessage},
    errors=(Code.INVALID_PARAMETER, Code.CONFLICT),
)
async def create(request: Request) -> Response:
    """Error(CONFLICT) when the name is taken."""
    wanted = await body_of(request, _new_account)
    store = services(request).store
    name = sound_name(wanted.name)
    if await store.account(name) is not None:
        raise Error(Code.CONFLICT, f"There is an account '{name}' already.")
    doing = store.by(deed(request, Action.ACCOUNT_CREATED, name))
    return answer(rendered(await doing.create_account(name, wanted.role, allowance=allowed(wanted))), 201)


@operation(
    "Change an account",
    tag="Operator",
    description="Its limits, and whether its keys are refused.",
    path={"account": "Its name or id."},
    body=AccountChange,
    examples={"Limits": {"requests_per_minute": 60, "concurrency_max": 4}, "No more": {"suspended": True}},
    answer=messages.AccountMessage,
    errors=(Code.NOT_FOUND,),
)
async def change(request: Request) -> Response:
    wanted = await body_of(request, _change)
    store = services(request).store
    account = await existing(store, request.path_params["account"])
    allowance = changed(account.allowance, wanted)
    if allowance != account.allowance:
        doing = store.by(deed(request, Action.ACCOUNT_CHANGED, account.id))
        await doing.allow_account(account.id, allowance)
    if wanted.suspended is not msgspec.UNSET:
        action = Action.ACCOUNT_SUSPENDED if wanted.suspended else Action.ACCOUNT_RESUMED
        await store.by(deed(request, action, account.id)).suspend(account.id, is_suspended=wanted.suspended)
    return answer(rendered(await existing(store, account.id)))


async def existing(store: Store, name: str) -> Account:
    """The account of this name or id. Raises Error(NOT_FOUND)."""
    account = await store.account(name)
    if account is None:
        raise Error(Code.NOT_FOUND, f"There is no account '{name}'.")
    return account


def rendered(account: Account) -> messages.AccountMessage:
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role.value,
        "created_at": timestamp(account.created_at),
        "suspended_at": None if account.suspended_at is None else timestamp(account.suspended_at),
        **shown(account.allowance),
    }

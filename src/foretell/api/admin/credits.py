"""Credits, as operators add, show and cap them."""

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Account
from foretell.api.admin.accounts import existing
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.keys import caps_of
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.audit import Action
from foretell.dialects.skytells import messages
from foretell.dialects.skytells.money import render_balance, render_transfer
from foretell.errors import Code, Error
from foretell.ledger import Caps, nanocredits_of
from foretell.store import Store

TRANSFERS_SHOWN = 50
NOTE_LENGTH_MAX = 500

Amount = Annotated[Decimal, Meta(description="In credits, with nine decimals at most.")]


class Grant(msgspec.Struct):
    """Credits to add; a negative amount takes them back."""

    amount: Amount
    note: Annotated[str, Meta(max_length=NOTE_LENGTH_MAX)] | None = None


class CapsWish(msgspec.Struct):
    """How much may be spent from now on; what is left out stays as it is, and null takes a cap away."""

    total_max: Amount | msgspec.UnsetType | None = msgspec.UNSET
    month_max: Amount | msgspec.UnsetType | None = msgspec.UNSET


class BudgetWish(CapsWish):
    """The same, and whether an account can spend only what is available."""

    is_budgeted: bool | msgspec.UnsetType = msgspec.UNSET


_grant = msgspec.json.Decoder(Grant)
_caps = msgspec.json.Decoder(CapsWish)
_budget = msgspec.json.Decoder(BudgetWish)
_ACCOUNT = {"account": "Its name or id."}


@operation(
    "Get credits",
    tag="Operator",
    description="An account's balance and caps, and its newest transfers.",
    path=_ACCOUNT,
    answer=messages.CreditsMessage,
    errors=(Code.NOT_FOUND,),
)
async def show(request: Request) -> Response:
    account = await existing(services(request).store, request.path_params["account"])
    return answer(await _shown(services(request).store, account))


@operation(
    "Add credits",
    tag="Operator",
    description="From then on the account has a budget: it can spend only what is available. What it had spent "
    "before that is written off.",
    path=_ACCOUNT,
    body=Grant,
    examples={"A payment": {"amount": "25", "note": "invoice 17"}},
    answer=messages.CreditsMessage,
    errors=(Code.NOT_FOUND, Code.INVALID_PARAMETER, Code.CONFLICT),
)
async def add(request: Request) -> Response:
    wanted = await body_of(request, _grant)
    store = services(request).store
    account = await existing(store, request.path_params["account"])
    amount = nanocredits_of(wanted.amount)
    if not amount:
        raise Error(Code.INVALID_PARAMETER, "'amount' must not be 0.", details=("amount: must not be 0",))
    note = None if wanted.note is None else wanted.note.replace("\0", "")
    await store.by(deed(request, Action.CREDITS_ADDED, account.id)).grant(account.id, amount, note=note)
    return answer(await _shown(store, account))


@operation(
    "Change caps of an account",
    tag="Operator",
    description="How much it may spend, ever and in a month; and with `is_budgeted` false any amount again.",
    path=_ACCOUNT,
    body=BudgetWish,
    examples={"A month": {"month_max": "100"}, "No budget": {"is_budgeted": False}},
    answer=messages.CreditsMessage,
    errors=(Code.NOT_FOUND, Code.INVALID_PARAMETER),
)
async def change(request: Request) -> Response:
    wanted = await body_of(request, _budget)
    store = services(request).store
    account = await existing(store, request.path_params["account"])
    doing = store.by(deed(request, Action.CREDITS_CAPPED, account.id))
    await doing.cap(account.id, _changed(await store.caps(account.id), wanted))
    if wanted.is_budgeted is not msgspec.UNSET:
        await store.budget(account.id, is_budgeted=wanted.is_budgeted)
    return answer(await _shown(store, account))


@operation(
    "Change caps of a key",
    tag="Operator",
    path={"key": "Its id."},
    body=CapsWish,
    examples={"A month": {"month_max": "5"}, "None": {"total_max": None, "month_max": None}},
    answer=messages.CapsMessage,
    errors=(Code.NOT_FOUND, Code.INVALID_PARAMETER),
)
async def change_key(request: Request) -> Response:
    wanted = await body_of(request, _caps)
    store = services(request).store
    key = await store.key(request.path_params["key"])
    if key is None:
        raise Error(Code.NOT_FOUND, f"There is no key '{request.path_params['key'][:100]}'.")
    doing = store.by(deed(request, Action.CREDITS_CAPPED, key.id))
    await doing.cap(key.id, _changed(await store.caps(key.id), wanted))
    return answer(await caps_of(store, key.id))


def _changed(caps: Caps, wanted: CapsWish) -> Caps:
    return Caps(
        total_max=_cap("total_max", wanted.total_max, caps.total_max),
        month_max=_cap("month_max", wanted.month_max, caps.month_max),
    )


def _cap(name: str, wanted: Decimal | msgspec.UnsetType | None, before: int | None) -> int | None:
    if wanted is msgspec.UNSET:
        return before
    if wanted is None:
        return None
    found = nanocredits_of(wanted, name)
    if found < 0:
        what = "must not be negative"
        raise Error(Code.INVALID_PARAMETER, f"'{name}' {what}.", details=(f"{name}: {what}",))
    return found


async def _shown(store: Store, account: Account) -> messages.CreditsMessage:
    return {
        "account": account.name,
        "balance": render_balance(await store.balance(account.id)),
        "caps": await caps_of(store, account.id),
        "transfers": [
            render_transfer(each) for each in await store.transfers(account.id, limit=TRANSFERS_SHOWN)
        ],
    }

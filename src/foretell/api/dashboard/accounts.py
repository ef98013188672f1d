"""The operator's pages about accounts: all of them, and one with its credits, limits and keys."""

import time

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Account, Key
from foretell.api.admin.accounts import existing
from foretell.api.dashboard.pages import operators_page, shown
from foretell.api.requests import services
from foretell.api.skytells.listing import number
from foretell.ledger import Balance, month_of
from foretell.pricing import NANOCREDITS

PER_PAGE = 50
TRANSFERS_SHOWN = 20


@operators_page
async def index(request: Request) -> Response:
    """Accounts by name, in pages."""
    store = services(request).store
    every = sorted(await store.accounts(), key=lambda each: (each.name != "default", each.name.lower()))
    last = max(1, -(-len(every) // PER_PAGE))
    page = min(number(request.query_params, "page", default=1, most=1_000_000), last)
    chosen = every[(page - 1) * PER_PAGE : page * PER_PAGE]
    return shown(
        request,
        "accounts.html",
        here="operator",
        rows=[(each, _credits(await store.balance(each.id))) for each in chosen],
        total=len(every),
        page=page,
        last=last,
    )


@operators_page
async def one(request: Request) -> Response:
    """An account. Raises Error(NOT_FOUND)."""
    store = services(request).store
    account = await existing(store, request.path_params["account"])
    spending = await store.spending(account.id)
    at = time.time_ns() // 1_000
    caps = await store.caps(account.id)
    return shown(
        request,
        "account_of.html",
        here="operator",
        account=account,
        credits=_credits(await store.balance(account.id)),
        month=spending.get(month_of(at), 0) / NANOCREDITS,
        month_max=None if caps.month_max is None else caps.month_max / NANOCREDITS,
        transfers=await store.transfers(account.id, limit=TRANSFERS_SHOWN),
        nanocredits=NANOCREDITS,
        keys=[(each, state_of(each, account, at)) for each in await store.keys(account.id)],
    )


def state_of(key: Key, account: Account, at: int) -> str:
    """`active`, or why it opens nothing: `revoked`, `expired`, `suspended`."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= at:
        return "expired"
    return "suspended" if account.suspended_at is not None else "active"


def _credits(balance: Balance) -> tuple[float | None, float]:
    """What is available (None: any amount) and what was spent, in credits."""
    available = balance.available / NANOCREDITS if balance.is_budgeted else None
    return available, balance.spent / NANOCREDITS

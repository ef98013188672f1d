"""The page of usage: how much was run, how well, how fast, and for how much."""

import json

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Scope
from foretell.api.dashboard.choices import accounts_of, keys_of
from foretell.api.dashboard.pages import page, shown
from foretell.api.requests import caller, services

PERIODS_DAYS = (7, 30, 90, 365)


@page
async def show(request: Request) -> Response:
    """The charts; its script fetches the figures, and names keys and accounts with what is here."""
    caller(request).require(Scope.READ)
    accounts = await accounts_of(request)
    keys = await services(request).store.keys(None) if accounts else await keys_of(request)
    names = {
        "keys": {each.id: each.name for each in keys},
        "accounts": {each.id: each.name for each in accounts},
    }
    return shown(
        request,
        "usage.html",
        here="usage",
        accounts=accounts,
        periods=PERIODS_DAYS,
        wanted=request.query_params,
        names=json.dumps(names, ensure_ascii=False),
    )

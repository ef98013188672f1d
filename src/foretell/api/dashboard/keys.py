"""The page of keys: what each may do, and making, changing, rotating and revoking them."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Scope
from foretell.api.dashboard.choices import accounts_of, models_of
from foretell.api.dashboard.pages import page, shown
from foretell.api.requests import caller


@page
async def show(request: Request) -> Response:
    """The list; its script fetches it. Raises Error(FORBIDDEN) for a key that may not manage."""
    caller(request).require(Scope.MANAGE)
    return shown(
        request,
        "keys.html",
        here="keys",
        scopes=sorted(caller(request).scopes),
        models=await models_of(request),
        accounts=await accounts_of(request),
    )

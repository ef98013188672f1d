"""The page of webhooks: what was told to whom and how that went, and the secret that signs it."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Scope
from foretell.api.dashboard.pages import page, shown
from foretell.api.requests import caller
from foretell.webhook import DeliveryState, WebhookEvent


@page
async def show(request: Request) -> Response:
    """The lists; its script fetches them."""
    caller(request).require(Scope.READ)
    return shown(
        request,
        "webhooks.html",
        here="webhooks",
        states=[each.value for each in DeliveryState],
        events=[each.value for each in WebhookEvent],
        wanted=request.query_params,
        may_manage=Scope.MANAGE in caller(request).scopes,
    )

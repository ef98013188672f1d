"""The page of one's own account: the browsers that are signed in to it."""

import time

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.dashboard.pages import page, shown
from foretell.api.requests import caller, services


@page
async def show(request: Request) -> Response:
    """Who is signed in, each with a way to sign it out."""
    own = caller(request)
    store = services(request).store
    found = await store.sessions(own.account.id, at=time.time_ns() // 1_000)
    names = {each.id: each.name for each in await store.keys(own.account.id)}
    return shown(
        request,
        "account.html",
        here="account",
        account=own.account,
        sessions=found,
        current="" if own.session is None else own.session.id,
        names=names,
    )

"""The operator's pages about models: all there are, one with its versions, and additions that go on."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.addition import State
from foretell.api.admin import additions, models
from foretell.api.dashboard.pages import operators_page, shown
from foretell.api.requests import services
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error

ADDITIONS_SHOWN = 5


@operators_page
async def index(request: Request) -> Response:
    """Every model, also hidden ones, and the newest additions."""
    at = services(request)
    found = [additions.rendered(each) for each in await at.store.additions(limit=ADDITIONS_SHOWN)]
    return shown(
        request,
        "registry.html",
        here="operator",
        models=await models.registered(at.bench),
        additions=found,
        paused=await at.store.pauses(),
        is_busy=any(each["state"] == State.RUNNING.value for each in found),
    )


@operators_page
async def one(request: Request) -> Response:
    """A model with its versions. Raises Error(MODEL_NOT_FOUND)."""
    at = services(request)
    name = request.path_params["slug"]
    found = next((each for each in await models.registered(at.bench) if each["namespace"] == name), None)
    if found is None:
        raise Error(Code.MODEL_NOT_FOUND, f"There is no model '{name[:100]}'.")
    return shown(
        request,
        "registered.html",
        here="operator",
        model=found,
        is_paused=name in await at.store.pauses(),
        former=_former(found),
        additions=[
            additions.rendered(each) for each in await at.store.additions(name, limit=ADDITIONS_SHOWN)
        ],
    )


@operators_page
async def addition(request: Request) -> Response:
    """An addition with its steps and its log. Raises Error(NOT_FOUND)."""
    found = await services(request).store.addition(request.path_params["id"])
    if found is None:
        raise Error(Code.NOT_FOUND, "There is no such addition.")
    return shown(
        request,
        "addition.html",
        here="operator",
        addition=additions.rendered(found),
        log=found.log,
        is_live=found.state is State.RUNNING,
    )


def _former(model: messages.RegisteredModel) -> bool:
    """Whether there is a version to go back to."""
    return any(not each["is_current"] and each["current_at"] is not None for each in model["versions"])

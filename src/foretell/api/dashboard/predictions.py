"""The pages of predictions: the list of an account's, and each by itself."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.account import Scope
from foretell.api.auth import Caller
from foretell.api.dashboard.choices import keys_of, models_of
from foretell.api.dashboard.pages import open_page, page, shown, visitor
from foretell.api.requests import caller, services
from foretell.errors import Code, Error
from foretell.prediction import Prediction, Status


@page
async def index(request: Request) -> Response:
    """The list; its script fetches what the filters of the query choose, and keeps it true."""
    caller(request).require(Scope.READ)
    return shown(
        request,
        "predictions.html",
        here="predictions",
        models=await models_of(request),
        keys=await keys_of(request),
        statuses=[each.value for each in Status],
        wanted=request.query_params,
    )


@open_page
async def show(request: Request) -> Response:
    """A prediction, for its owner and, where it is public, for whoever has the link.

    Its script follows it while it lives. Raises Error(PREDICTION_NOT_FOUND).
    """
    who = visitor(request)
    prediction = await services(request).store.get(request.path_params["id"])
    if prediction is None or not _may_see(who, prediction):
        raise Error(Code.PREDICTION_NOT_FOUND, "There is no such prediction, or you may not see it.")
    version = await services(request).store.version(prediction.version_id)
    is_own = who is not None and who.reaches(prediction.account_id)
    return shown(
        request,
        "prediction.html",
        here="predictions" if who else "",
        prediction=prediction,
        name=prediction.model if version is None else version.manifest.name,
        streams=version is not None and version.streaming,
        is_own=is_own,
        may_manage=is_own and who is not None and Scope.MANAGE in who.scopes,
    )


def _may_see(who: Caller | None, prediction: Prediction) -> bool:
    return prediction.privacy == "public" or (who is not None and who.reaches(prediction.account_id))

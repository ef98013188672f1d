"""The page of one prediction, for its owner and, where it is public, for whoever has the link."""

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.auth import Caller
from foretell.api.dashboard.pages import open_page, shown, visitor
from foretell.api.requests import services
from foretell.errors import Code, Error
from foretell.prediction import Prediction


@open_page
async def show(request: Request) -> Response:
    """A prediction; its script follows it while it lives. Raises Error(PREDICTION_NOT_FOUND)."""
    prediction = await services(request).store.get(request.path_params["id"])
    if prediction is None or not _may_see(visitor(request), prediction):
        raise Error(Code.PREDICTION_NOT_FOUND, "There is no such prediction, or you may not see it.")
    version = await services(request).store.version(prediction.version_id)
    return shown(
        request,
        "prediction.html",
        here="predictions" if visitor(request) else "",
        prediction=prediction,
        name=prediction.model if version is None else version.manifest.name,
        streams=version is not None and version.streaming,
    )


def _may_see(who: Caller | None, prediction: Prediction) -> bool:
    return prediction.privacy == "public" or (who is not None and who.reaches(prediction.account_id))

"""Ending: a response in the background is canceled, any stored one deleted."""

import logging

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.openai.responses.reading import PATH
from foretell.api.openai.responses.stored import response_of_path
from foretell.api.operations import operation
from foretell.api.requests import request_id, services
from foretell.audit import Action
from foretell.dialects.openai import responses
from foretell.dialects.openai.responses.messages import DeletedResponse
from foretell.dialects.openai.responses.messages import Response as Answered
from foretell.errors import Code, Error

_log = logging.getLogger("foretell.predictions")


@operation(
    "Cancel a response",
    tag="Responses",
    description="Only one in the background can be canceled. One that has ended is answered as it is.",
    path=PATH,
    answer=Answered,
    errors=(Code.NOT_FOUND, Code.INVALID_REQUEST),
)
async def cancel(request: Request) -> Response:
    """The response as it is now."""
    prediction = await response_of_path(request)
    if not (prediction.request or {}).get("background"):
        raise Error(
            Code.INVALID_REQUEST, "Only a response that was created with 'background' can be canceled."
        )
    ended = await services(request).store.cancel(prediction.id, account_id=prediction.account_id)
    if ended is None:
        raise Error(Code.NOT_FOUND, "The response was deleted meanwhile.")
    found = {"prediction_id": ended.id, "model": ended.model, "request_id": request_id(request)}
    _log.info("%s is %s after a cancel", ended.id, ended.status.value, extra=found)
    return answer(responses.render(ended))


@operation(
    "Delete a response",
    tag="Responses",
    description="Deletes its prediction; one that is not finished is canceled first. Responses that went on "
    "from it keep the conversation.",
    path=PATH,
    answer=DeletedResponse,
    errors=(Code.NOT_FOUND,),
)
async def delete(request: Request) -> Response:
    """That it is gone."""
    prediction = await response_of_path(request)
    doing = services(request).store.by(deed(request, Action.PREDICTION_DELETED, prediction.id))
    await doing.delete(prediction.id, account_id=prediction.account_id)
    gone: DeletedResponse = {
        "id": responses.response_id(prediction.id),
        "object": "response",
        "deleted": True,
    }
    return answer(gone)

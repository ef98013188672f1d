"""Stored: the responses that a caller can come back to."""

from starlette.requests import Request

from foretell.api.requests import caller, services
from foretell.dialects.openai import responses
from foretell.errors import Code, Error
from foretell.prediction import Prediction

_SHOWN_MAX = 100


async def response_of_path(request: Request) -> Prediction:
    """The response that the path names. Raises Error(NOT_FOUND) unless it is stored, and the caller's."""
    name = request.path_params["id"]
    found = await response_named(request, name)
    if found is None:
        shown = name if len(name) <= _SHOWN_MAX else f"{name[: _SHOWN_MAX - 1]}…"
        raise Error(Code.NOT_FOUND, f"There is no stored response '{shown}'.")
    return found


async def response_named(request: Request, name: str) -> Prediction | None:
    """The caller's stored response of this id."""
    prediction_id = responses.prediction_of_response(name)
    return None if prediction_id is None else await _stored(request, prediction_id)


async def response_with_item(request: Request, name: str) -> Prediction | None:
    """The caller's stored response to which an item of this id could belong."""
    prediction_id = responses.prediction_of_item(name)
    return None if prediction_id is None else await _stored(request, prediction_id)


async def _stored(request: Request, prediction_id: str) -> Prediction | None:
    found = await services(request).store.get(prediction_id)
    if found is None or not caller(request).reaches(found.account_id):
        return None
    asked = found.request or {}
    is_stored = asked.get("endpoint") == responses.ENDPOINT and asked.get("store")
    return found if is_stored else None

"""Reading: a stored response, its events from any of them on, and what it answers."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.openai.responses.stored import response_of_path
from foretell.api.openai.responses.telling import stream_again
from foretell.api.operations import operation
from foretell.api.requests import is_asked
from foretell.dialects.openai import refused, responses
from foretell.dialects.openai.responses.events import EVENTS
from foretell.dialects.openai.responses.messages import GetQuery, InputItems, InputItemsQuery
from foretell.dialects.openai.responses.messages import Response as Answered
from foretell.errors import Code

LIMIT_MAX = 100
LIMIT = 20
PATH = {"id": "The id of a stored response."}


@operation(
    "Get a response",
    tag="Responses",
    description="With `stream`, its events, also those that were told already: `starting_after` is where a "
    "reader goes on whose connection broke.",
    path=PATH,
    query=GetQuery,
    answer=Answered,
    stream=EVENTS,
    errors=(Code.NOT_FOUND, Code.INVALID_PARAMETER, Code.CONFLICT),
)
async def get(request: Request) -> Response:
    """The response as it is now, or what follows."""
    prediction = await response_of_path(request)
    starting_after = _whole_number(request, "starting_after", -1)
    if not is_asked(request, "stream"):
        return answer(responses.render(prediction))
    return await stream_again(request, prediction, starting_after)


@operation(
    "List the input items of a response",
    tag="Responses",
    description="The whole conversation that the response answers, newest first.",
    path=PATH,
    query=InputItemsQuery,
    answer=InputItems,
    errors=(Code.NOT_FOUND, Code.INVALID_PARAMETER),
)
async def input_items(request: Request) -> Response:
    """A page of what the response was asked with."""
    items = responses.input_items_of(await response_of_path(request))
    return answer(_page(request, items))


def _page(request: Request, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    order = request.query_params.get("order", "desc")
    if order not in {"asc", "desc"}:
        raise refused("order", "must be asc or desc")
    limit = _whole_number(request, "limit", LIMIT)
    if not 1 <= limit <= LIMIT_MAX:
        raise refused("limit", f"must be between 1 and {LIMIT_MAX}")
    ordered = list(items if order == "asc" else reversed(items))
    rest = ordered[_place_after(request, ordered) :]
    page = rest[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(rest) > limit,
    }


def _place_after(request: Request, ordered: Sequence[dict[str, Any]]) -> int:
    after = request.query_params.get("after")
    if after is None:
        return 0
    places = [place for place, each in enumerate(ordered) if each["id"] == after]
    if not places:
        raise refused("after", "names no input item of this response")
    return places[0] + 1


def _whole_number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 15):
        raise refused(name, "must be a whole number")
    return int(given)

"""Create a response: whole, as a stream, or in the background."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.creating import create as create_prediction
from foretell.api.openai.asking import REFUSALS, finished
from foretell.api.openai.bodies import is_to_stream, read_body
from foretell.api.openai.responses.telling import stream_background, stream_new
from foretell.api.openai.responses.wishes import wish_of
from foretell.api.operations import operation
from foretell.dialects.openai import responses
from foretell.dialects.openai.responses.events import EVENTS
from foretell.dialects.openai.responses.messages import CreateQuery, CreateResponse
from foretell.dialects.openai.responses.messages import Response as Answered
from foretell.errors import Code

_decoder = msgspec.json.Decoder(CreateResponse)


@operation(
    "Create a response",
    tag="Responses",
    description="Works with the models that chat. The answer comes when it is complete, or as server-sent "
    "events, or with `background` to be fetched later. A caller who leaves cancels the run, unless it is in "
    "the background.",
    query=CreateQuery,
    body=CreateResponse,
    answer=Answered,
    stream=EVENTS,
    examples={"A question": {"model": "deepbrain", "input": "What is the capital of France?"}},
    errors=(*REFUSALS, Code.MODEL_NOT_SUPPORTED),
)
async def create(request: Request) -> Response:
    """The response, or its events."""
    asked = await read_body(request, _decoder)
    responses.check(asked)
    streams = is_to_stream(request, asked.stream)
    wish = await wish_of(request, asked, streams=streams)
    if streams:
        return await (stream_background if asked.background else stream_new)(request, wish)
    prediction = await (create_prediction if asked.background else finished)(request, wish)
    return answer(responses.render(prediction))

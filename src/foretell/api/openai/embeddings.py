"""Embeddings: POST /v1/embeddings."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.creating import find_model
from foretell.api.openai.asking import REFUSALS, finished
from foretell.api.openai.bodies import read_body
from foretell.api.operations import operation
from foretell.api.wish import Wish
from foretell.dialects.openai import messages
from foretell.dialects.openai.embeddings import embeddings, input_for
from foretell.errors import Code

ENDPOINT = "embeddings"
_decoder = msgspec.json.Decoder(messages.EmbeddingsBody)


@operation(
    "Create embeddings",
    tag="Embeddings",
    description="A vector for each text, in the order of the texts.",
    body=messages.EmbeddingsBody,
    answer=messages.EmbeddingList,
    examples={"Two texts": {"model": "embed", "input": ["A cat on a mat.", "A kitten on a rug."]}},
    errors=(*REFUSALS, Code.MODEL_NOT_SUPPORTED),
)
async def create(request: Request) -> Response:
    """The vectors of everything in `input`."""
    body = await read_body(request, _decoder)
    known = await find_model(request, body.model)
    given = input_for(known.version, body, known.alias)
    wish = Wish(model=body.model, input=given, request={"endpoint": ENDPOINT})
    return answer(embeddings(body, await finished(request, wish)))

"""Chat completions: POST /v1/chat/completions, whole or streamed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.openai.asking import REFUSALS, all_finished, heard
from foretell.api.openai.bodies import is_to_stream, read_body
from foretell.api.openai.choosing import answering
from foretell.api.openai.streaming import streamed, together
from foretell.api.operations import operation
from foretell.api.requests import request_id
from foretell.api.wish import Wish
from foretell.dialects.openai import messages
from foretell.dialects.openai.chat import choices_in, completion, talk_of
from foretell.dialects.openai.chunks import Chunks, error_line
from foretell.dialects.openai.talk import input_for
from foretell.errors import Code

ENDPOINT = "chat.completions"
_decoder = msgspec.json.Decoder(messages.ChatBody)


class ChatQuery(msgspec.Struct):
    """`stream`: whether to stream, where the body does not say."""

    stream: bool | None = None


@operation(
    "Create a chat completion",
    tag="Chat",
    description="Works with every model that answers text to messages, to a prompt, or to a picture. "
    "What is left open is the model's own to choose. A caller who leaves cancels the run.",
    query=ChatQuery,
    body=messages.ChatBody,
    answer=messages.ChatCompletion,
    stream={"": messages.ChatChunk},
    examples={
        "A question": {
            "model": "deepbrain",
            "messages": [{"role": "user", "content": "What is the capital of France?"}],
        }
    },
    errors=(*REFUSALS, Code.MODEL_NOT_SUPPORTED),
)
async def create(request: Request) -> Response:
    """The completion; as a stream if the body or the query says so."""
    body = await read_body(request, _decoder)
    talk = talk_of(body)
    known, unheard = await answering(request, body.model, talk.turns)
    given = input_for(known.version, talk)
    streams = is_to_stream(request, body.stream)
    wish = Wish(
        model=known.name,
        input=given,
        stream=streams,
        request={"endpoint": ENDPOINT, **unheard},
    )
    wishes = [replace(wish, input=_seeded(given, index), position=index) for index in range(choices_in(body))]
    if streams:
        pieces = _lines(request, body, wishes, known.version.id)
        return await streamed(request, pieces, partial(error_line, request_id=request_id(request)))
    return answer(completion(body.model, await all_finished(request, wishes)))


def _seeded(given: dict[str, Any], index: int) -> dict[str, Any]:
    """The input of one choice: a seed that all shared would make them all alike."""
    return given | {"seed": given["seed"] + index} if "seed" in given else given


async def _lines(
    request: Request, body: messages.ChatBody, wishes: list[Wish], fingerprint: str
) -> AsyncGenerator[bytes]:
    options = body.stream_options
    chunks = Chunks(
        model=body.model,
        fingerprint=fingerprint,
        has_usage=options is not None and bool(options.include_usage),
    )
    async with aclosing(together([heard(request, each) for each in wishes])) as said:
        async for index, each in said:
            if found := chunks.say(index, each):
                yield found
    yield chunks.end()

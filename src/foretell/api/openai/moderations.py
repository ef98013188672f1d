"""Moderations: POST /v1/moderations."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.openai.asking import REFUSALS, finished
from foretell.api.openai.bodies import read_body
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.api.wish import Wish
from foretell.dialects.openai.moderations import JUDGE, Moderation, ModerationsBody, input_for, moderation

ENDPOINT = "moderations"
_decoder = msgspec.json.Decoder(ModerationsBody)


@operation(
    "Judge texts",
    tag="Moderations",
    description="How hateful, suicidal, sexual or violent each text is. Categories that nobody judges are left out.",
    body=ModerationsBody,
    answer=Moderation,
    examples={"Two texts": {"input": ["How do I kill a Python process?", "How do tides work?"]}},
    errors=REFUSALS,
)
async def create(request: Request) -> Response:
    """A result for each text, or one for all parts."""
    body = await read_body(request, _decoder)
    wish = Wish(model=JUDGE, hidden=True, input=input_for(body), request={"endpoint": ENDPOINT})
    threshold = services(request).config.moderation_threshold
    return answer(moderation(body, await finished(request, wish), threshold=threshold))

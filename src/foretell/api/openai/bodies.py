"""Bodies: JSON as OpenAI's clients send it, refused field by field."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from foretell.api.requests import body_of, is_asked
from foretell.dialects.openai import wrong_body
from foretell.errors import Error

_Body = TypeVar("_Body")


async def read_body(request: Request, kind: msgspec.json.Decoder[_Body]) -> _Body:
    """The body, decoded. Raises Error(INVALID_PARAMETER | MISSING_FIELD) naming the field, Error(INVALID_REQUEST)."""
    try:
        return await body_of(request, kind)
    except Error as error:
        if isinstance(error.__cause__, msgspec.ValidationError):
            raise wrong_body(str(error.__cause__)) from error
        raise


def is_to_stream(request: Request, said: bool | None) -> bool:
    """Whether to answer in events: as the body says, else as the query does."""
    return is_asked(request, "stream") if said is None else said

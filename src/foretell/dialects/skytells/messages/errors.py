"""Refusals."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta


class Refusal(TypedDict):
    """What went wrong."""

    http_status: Annotated[int, Meta(ge=400, le=599, description="The answer's status.")]
    message: Annotated[str, Meta(description="A sentence for people.", min_length=1)]
    details: Annotated[
        str, Meta(description="Each problem with its place; the message again where there are none.")
    ]
    error_id: Annotated[str, Meta(description="A word for programs.", pattern="^[A-Z_]+$")]
    request_id: Annotated[
        str, Meta(description="The id of the request, as in `x-request-id`.", examples=["req_5f1c2b"])
    ]


class ErrorEnvelope(TypedDict):
    """A refusal."""

    status: Annotated[Literal[False], Meta(description="Always false.", extra_json_schema={"const": False})]
    response: Annotated[str, Meta(description="The message again.")]
    error: Refusal

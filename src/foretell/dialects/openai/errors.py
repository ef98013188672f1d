"""Errors: the number and the words of each refusal, and OpenAI's envelope around them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict, cast

from msgspec import Meta

from foretell.dialects.skytells.errors import ERRORS
from foretell.errors import Code, Error

DIFFERENT: Mapping[Code, tuple[int, str]] = {
    Code.MISSING_FIELD: (400, "VALIDATION_ERROR"),
    Code.INVALID_INPUT: (400, "INVALID_PARAMETER"),
    Code.RATE_LIMITED: (429, "RATE_LIMITED"),
}
"""Where status and `error_id` are not those of the rest of the API."""

WORDS: Mapping[Code, str] = {
    Code.UNAUTHORIZED: "invalid_api_key",
    Code.MISSING_FIELD: "missing_required_parameter",
    Code.RATE_LIMITED: "rate_limit_exceeded",
    Code.INSUFFICIENT_CREDITS: "insufficient_quota",
}
"""`code`, where it is not `error_id` in small letters."""

TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}
"""`type` by status; the others are `invalid_request_error` below 500 and `server_error` from there."""

CATEGORIES: Mapping[int, str] = {401: "authentication", 402: "billing", 403: "authentication", 429: "limit"}

FINAL = frozenset({Code.INFERENCE_FAILED, Code.INFERENCE_TIMEOUT, Code.INTERNAL})
"""What asking again would only repeat: clients are told not to, since each of their tries is a run."""

_KINDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
}
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_PATH = re.compile(r"([a-z_][\w.\[\]-]*): ", re.ASCII | re.IGNORECASE)


Type = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "insufficient_quota",
    "rate_limit_error",
    "server_error",
]


class OpenAIRefusal(TypedDict):
    """What went wrong."""

    message: Annotated[str, Meta(description="A sentence for people.", min_length=1)]
    type: Annotated[Type, Meta(description="What kind of refusal it is.")]
    code: Annotated[str, Meta(description="A word for programs, in OpenAI's spelling.")]
    error_id: Annotated[str, Meta(description="A word for programs, as in the rest of the API.")]
    status: Annotated[int, Meta(ge=400, le=599, description="The answer's status.")]
    param: Annotated[str | None, Meta(description="The parameter that is wrong, where it is one.")]
    request_id: Annotated[str, Meta(description="The id of the request, as in `x-request-id`.")]
    details: Annotated[
        dict[str, Any], Meta(description="`category`, and `problems` where there are several.")
    ]


class OpenAIErrorEnvelope(TypedDict):
    """A refusal, as OpenAI's clients read it."""

    error: OpenAIRefusal


def error_envelope(error: Error, request_id: str) -> tuple[int, OpenAIErrorEnvelope]:
    """The HTTP status and body of a refusal. `param` is the first place that its details name, if any."""
    status, error_id = DIFFERENT.get(error.code) or ERRORS[error.code]
    return status, {
        "error": {
            "message": error.message,
            "type": cast(
                Type, TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
            ),
            "code": WORDS.get(error.code, error_id.lower()),
            "error_id": error_id,
            "status": status,
            "param": _param(error),
            "request_id": request_id,
            "details": _details(error, status),
        }
    }


def refused(param: str, what: str) -> Error:
    """The refusal of one parameter; `what` goes on from its name, such as "must be a string"."""
    return Error(Code.INVALID_PARAMETER, f"'{param}' {what}.", details=(f"{param}: {what}",))


def wrong_body(problem: str) -> Error:
    """The refusal of a body that has a field of the wrong kind or lacks one, as its decoder says."""
    what, _, path = problem.partition(" - at `$")
    path = path.rstrip("`").removeprefix(".")
    missing = _MISSING.match(what)
    if missing is not None:
        field = f"{path}.{missing[1]}" if path else missing[1]
        return Error(Code.MISSING_FIELD, f"'{field}' is required.", details=(f"{field}: is required",))
    if not path:
        return Error(Code.INVALID_REQUEST, f"The body must be a JSON object: {problem}.")
    found = _EXPECTED.match(what)
    if found is None:
        return refused(path, f"is not valid: {what}")
    return refused(path, f"must be {_kinds(found[1])}, not {_kinds(found[2])}")


def _kinds(found: str) -> str:
    return " or ".join(_KINDS.get(each, each) for each in found.split(" | "))


def _param(error: Error) -> str | None:
    if error.code is Code.MODEL_NOT_FOUND:
        return "model"
    found = _PATH.match(error.details[0]) if error.details else None
    return found[1] if found else None


def _details(error: Error, status: int) -> dict[str, Any]:
    category = CATEGORIES.get(status, "request" if status < 500 else "server")
    return {"category": category, **({"problems": list(error.details)} if error.details else {})}

"""Refusals: when each is met, what it looks like, and which of them an operation may answer."""

from collections.abc import Mapping
from typing import Any

from foretell.api.operations import Access, Operation
from foretell.api.spoken import OWN, SHARED, is_below
from foretell.dialects import skytells
from foretell.dialects.openai.errors import error_envelope as openai_envelope
from foretell.errors import Code, Error

REQUEST_ID = "req_5f1c2b7a90d34e8811aa7c02"
SAYINGS: Mapping[Code, tuple[str, str, tuple[str, ...]]] = {
    Code.INVALID_REQUEST: (
        "The body cannot be read, or the address has a character that no name can have.",
        "The body is not valid JSON: unexpected end of data.",
        (),
    ),
    Code.INVALID_PARAMETER: (
        "A parameter or an address can never be right.",
        "'per_page' must be a number from 1 to 50.",
        (),
    ),
    Code.INVALID_DATE_FORMAT: ("A day is none.", "'from' must be a date such as 2026-01-31.", ()),
    Code.INVALID_DATE_RANGE: ("The first day is after the last.", "'from' is later than 'to'.", ()),
    Code.INVALID_COMBINATION: (
        "Two parameters contradict each other.",
        "'await' and 'wait' mean the same and contradict each other.",
        (),
    ),
    Code.MISSING_FIELD: (
        "A field of the body is missing or of the wrong kind.",
        "The request is not valid: model: is required",
        ("model: is required",),
    ),
    Code.INVALID_INPUT: (
        "The input does not fit the model. `details` names every problem.",
        "The input is not valid: steps: 900 is more than the maximum of 50",
        ("steps: 900 is more than the maximum of 50",),
    ),
    Code.MODEL_NOT_SUPPORTED: (
        "The model cannot do this.",
        "The model 'truefusion' does not answer chats.",
        (),
    ),
    Code.UNAUTHORIZED: ("The key is missing, wrong, expired or revoked.", "The API key is not valid.", ()),
    Code.SUSPENDED: ("The account is suspended.", "The account 'web shop' is suspended.", ()),
    Code.FORBIDDEN: ("The key may not do this.", "Only an operator may do this.", ()),
    Code.MODEL_NOT_FOUND: (
        "There is no such model.",
        "There is no model 'truefussion'. GET /v1/models lists what there is.",
        (),
    ),
    Code.PREDICTION_NOT_FOUND: (
        "There is no such prediction of yours.",
        "There is no prediction '0191b3c4-8f6e-7a52-9d0c-5b2f6a7e1c3d'.",
        (),
    ),
    Code.FILE_NOT_FOUND: ("There is no such file of yours.", "There is no such file.", ()),
    Code.NOT_FOUND: ("There is no such thing.", "There is no account 'web shop'.", ()),
    Code.ENDPOINT_NOT_FOUND: ("There is no such path.", "There is no endpoint GET /v1/nothing.", ()),
    Code.METHOD_NOT_ALLOWED: (
        "The path takes other methods; the header `allow` names them.",
        "PUT is not possible on /v1/predict.",
        (),
    ),
    Code.CONFLICT: (
        "It would contradict what is there.",
        "There is an account 'web shop' already.",
        (),
    ),
    Code.FINISHED: (
        "What has ended cannot be canceled.",
        "The prediction has already succeeded and cannot be canceled.",
        (),
    ),
    Code.GONE: ("The file is no longer kept.", "The file is no longer kept.", ()),
    Code.TOO_LARGE: (
        "The body or the file is beyond its limit.",
        "The body is larger than the 10,485,760 bytes allowed.",
        (),
    ),
    Code.RANGE_NOT_SATISFIABLE: (
        "The range lies outside of the file.",
        "The file has 287,418 bytes, and the range lies outside.",
        (),
    ),
    Code.KEY_REUSED: (
        "An idempotency key was used before with a different body.",
        "This Idempotency-Key was used with a different body. Send a new key with a new body.",
        (),
    ),
    Code.INSUFFICIENT_CREDITS: (
        "It may cost more than the account or the key can spend.",
        "This may cost 0.06 credits, and 0.02 can be spent.",
        (),
    ),
    Code.RATE_LIMITED: (
        "Too many requests; `retry-after` says when to come back.",
        "Too many requests: 60 a minute are allowed.",
        (),
    ),
    Code.OVERLOADED: (
        "Too much waits already; `retry-after` says when to come back.",
        "Too many callers are waiting already. Try again shortly, or create without waiting.",
        (),
    ),
    Code.UNAVAILABLE: (
        "The model is offline, the database away, or the server stopping.",
        "The server is stopping.",
        (),
    ),
    Code.CONTENT_POLICY: (
        "All that the model made was withheld as unsafe.",
        "The safety checker withheld every picture of the output.",
        (),
    ),
    Code.INPUT_TOO_LONG: (
        "The conversation is longer than the model can read.",
        "The prompt is 5031 tokens long; with its answer it must fit 4096.",
        (),
    ),
    Code.INFERENCE_FAILED: ("The model failed.", "The model ran out of memory.", ()),
    Code.INFERENCE_TIMEOUT: (
        "The model was not done in time; the run was stopped.",
        "The model was not done within 600 seconds.",
        (),
    ),
    Code.INTERNAL: (
        "A bug; the server's log has the details under the request's id.",
        "Something went wrong in the server; its log has the details.",
        (),
    ),
}
"""When each is met, and an example of its message and its details."""

_KEYED = (Code.UNAUTHORIZED, Code.SUSPENDED, Code.FORBIDDEN, Code.UNAVAILABLE)
_BODY = (Code.INVALID_REQUEST, Code.TOO_LARGE)
_CREATING = (
    Code.RATE_LIMITED,
    Code.INSUFFICIENT_CREDITS,
    Code.INVALID_PARAMETER,
    Code.KEY_REUSED,
    Code.GONE,
)


def codes_of(operation: Operation, access: Access, path: str) -> list[Code]:
    """Everything that an operation may refuse with, in the order of the codes."""
    found = {*operation.errors, Code.INTERNAL}
    if access is not Access.ANYONE:
        found |= {*_KEYED}
    if operation.body is not None or operation.form is not None:
        found |= {*_BODY}
    if is_limited(operation):
        found |= {*_CREATING}
    if "{" in path:
        found.add(Code.INVALID_REQUEST)
    return [code for code in Code if code in found]


def is_limited(operation: Operation) -> bool:
    """Whether an operation makes predictions, which count against the caller's limits."""
    return not {Code.RATE_LIMITED, Code.INFERENCE_FAILED}.isdisjoint(operation.errors)


def envelopes(code: Code, path: str) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """The status and the body of a refusal in each of the dialects in which a path may answer."""
    _, message, details = SAYINGS[code]
    error = Error(code, message, details=details)
    found: dict[str, tuple[int, Mapping[str, Any]]] = {}
    if not is_below(path, OWN):
        found["skytells"] = skytells.error_envelope(error, REQUEST_ID)
    if is_below(path, (*OWN, *SHARED)):
        found["openai"] = openai_envelope(error, REQUEST_ID)
    return found

"""Errors: the number and the word of each refusal, and the envelope around them."""

from collections.abc import Mapping

from foretell.dialects.skytells import messages
from foretell.errors import Code, Error

ERRORS: Mapping[Code, tuple[int, str]] = {
    Code.INVALID_REQUEST: (400, "INVALID_REQUEST"),
    Code.INVALID_PARAMETER: (400, "INVALID_PARAMETER"),
    Code.INVALID_DATE_FORMAT: (400, "INVALID_DATE_FORMAT"),
    Code.INVALID_DATE_RANGE: (400, "INVALID_DATE_RANGE"),
    Code.INVALID_COMBINATION: (400, "INVALID_PARAMETER_COMBINATION"),
    Code.CONTENT_POLICY: (400, "CONTENT_POLICY_VIOLATION"),
    Code.INPUT_TOO_LONG: (400, "CONTEXT_LENGTH_EXCEEDED"),
    Code.MISSING_FIELD: (422, "VALIDATION_ERROR"),
    Code.INVALID_INPUT: (422, "INVALID_INPUT"),
    Code.MODEL_NOT_SUPPORTED: (422, "MODEL_NOT_SUPPORTED"),
    Code.UNAUTHORIZED: (401, "UNAUTHORIZED"),
    Code.SUSPENDED: (403, "ACCOUNT_SUSPENDED"),
    Code.FORBIDDEN: (403, "FORBIDDEN"),
    Code.MODEL_NOT_FOUND: (404, "MODEL_NOT_FOUND"),
    Code.PREDICTION_NOT_FOUND: (404, "PREDICTION_NOT_FOUND"),
    Code.FILE_NOT_FOUND: (404, "FILE_NOT_FOUND"),
    Code.NOT_FOUND: (404, "NOT_FOUND"),
    Code.ENDPOINT_NOT_FOUND: (404, "ENDPOINT_NOT_FOUND"),
    Code.METHOD_NOT_ALLOWED: (405, "METHOD_NOT_ALLOWED"),
    Code.CONFLICT: (409, "CONFLICT"),
    Code.FINISHED: (409, "INVALID_REQUEST"),
    Code.GONE: (410, "GONE"),
    Code.TOO_LARGE: (413, "PAYLOAD_TOO_LARGE"),
    Code.RANGE_NOT_SATISFIABLE: (416, "RANGE_NOT_SATISFIABLE"),
    Code.KEY_REUSED: (422, "IDEMPOTENCY_KEY_REUSED"),
    Code.INSUFFICIENT_CREDITS: (402, "INSUFFICIENT_CREDITS"),
    Code.RATE_LIMITED: (429, "RATE_LIMIT_EXCEEDED"),
    Code.OVERLOADED: (503, "OVERLOADED"),
    Code.UNAVAILABLE: (503, "SERVICE_UNAVAILABLE"),
    Code.INFERENCE_FAILED: (500, "INFERENCE_ERROR"),
    Code.INFERENCE_TIMEOUT: (504, "INFERENCE_TIMEOUT"),
    Code.INTERNAL: (500, "INTERNAL_ERROR"),
}
"""The HTTP status and the `error_id` of each code."""


def error_envelope(error: Error, request_id: str) -> tuple[int, messages.ErrorEnvelope]:
    """The HTTP status and body of a refusal. `details` is one string, because strict clients expect one."""
    status, error_id = ERRORS[error.code]
    return status, {
        "status": False,
        "response": error.message,
        "error": {
            "http_status": status,
            "message": error.message,
            "details": "; ".join(error.details) or error.message,
            "error_id": error_id,
            "request_id": request_id,
        },
    }

"""What can go wrong in a way that a caller can act on. Anything else is a bug and reported as `internal`."""

from enum import StrEnum


class Code(StrEnum):
    """What kind of refusal an `Error` is; each dialect has its own number and word for it."""

    INVALID_REQUEST = "invalid_request"
    INVALID_PARAMETER = "invalid_parameter"
    INVALID_DATE_FORMAT = "invalid_date_format"
    INVALID_DATE_RANGE = "invalid_date_range"
    INVALID_COMBINATION = "invalid_combination"
    MISSING_FIELD = "missing_field"
    INVALID_INPUT = "invalid_input"
    INPUT_TOO_LONG = "input_too_long"
    MODEL_NOT_SUPPORTED = "model_not_supported"
    UNAUTHORIZED = "unauthorized"
    SUSPENDED = "suspended"
    FORBIDDEN = "forbidden"
    MODEL_NOT_FOUND = "model_not_found"
    PREDICTION_NOT_FOUND = "prediction_not_found"
    FILE_NOT_FOUND = "file_not_found"
    NOT_FOUND = "not_found"
    ENDPOINT_NOT_FOUND = "endpoint_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    FINISHED = "finished"
    GONE = "gone"
    TOO_LARGE = "too_large"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    KEY_REUSED = "key_reused"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    CONTENT_POLICY = "content_policy"
    INFERENCE_FAILED = "inference_failed"
    INFERENCE_TIMEOUT = "inference_timeout"
    INTERNAL = "internal"


class Error(Exception):
    """A refusal with a `code` for programs, a `message` for people, and `details` that say where."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        details: tuple[str, ...] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.retry_after_seconds = retry_after_seconds

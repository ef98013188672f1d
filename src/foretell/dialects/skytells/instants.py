"""Instants as the wire writes them."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(at: int) -> str:
    """ISO 8601 in UTC with six decimals: `2026-03-04T21:20:58.000000Z`."""
    seconds, microseconds = divmod(at, 1_000_000)
    return f"{_second(seconds)}.{microseconds:06}Z"


@lru_cache(maxsize=1_024)
def _second(at_seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=at_seconds)).strftime("%Y-%m-%dT%H:%M:%S")

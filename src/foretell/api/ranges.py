"""Byte ranges, as players and resuming downloads ask for them (RFC 9110 §14)."""

import re

from foretell.errors import Code, Error

_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


def wanted_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """The bytes that a `Range` header asks for, as start and exclusive end; None for the whole.

    Several ranges, or words that mean nothing, ask for the whole. Raises Error(RANGE_NOT_SATISFIABLE).
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(size_bytes - int(last), 0), size_bytes
    else:
        start, end = int(first), min(int(last) + 1, size_bytes) if last else size_bytes
        if last and int(last) < start:
            return None
    if start >= size_bytes or start >= end:
        raise Error(
            Code.RANGE_NOT_SATISFIABLE, f"The file has {size_bytes:,} bytes, and the range lies outside."
        )
    return start, end

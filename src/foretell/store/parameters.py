"""How values are written for Postgres: as its text, with the type where that says more than the place does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

UNKNOWN = 0
"""The type that the place of a value has."""
BYTEA = 17
BIGINT = 20
DOUBLE = 701

_TYPES: dict[type, int] = {int: BIGINT, bool: BIGINT, float: DOUBLE, bytes: BYTEA}
_NUL = "\0"


def parameters(values: Sequence[Any]) -> tuple[list[bytes | None], tuple[int, ...]]:
    """Each value's text, None for NULL, and its type; a list is an array. Raises psycopg.DataError for a NUL."""
    types = tuple([_TYPES.get(type(each), UNKNOWN) for each in values])
    return [None if each is None else _said(each).encode() for each in values], types


def _said(value: Any) -> str:
    if isinstance(value, str):
        # In libpq's hands a text would end there.
        if _NUL in value:
            raise _nul()
        return value
    if isinstance(value, list):
        return _array(value)
    return _plain(value)


def _plain(value: int | float | bytes) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return str(int(value)) if isinstance(value, int) else repr(value)


def _array(values: Sequence[Any]) -> str:
    kinds = set(map(type, values))
    if values and all(issubclass(each, str) for each in kinds):
        return "{" + _quoted(values) + "}"
    if kinds <= {int}:
        return "{" + ",".join(map(str, values)) + "}"
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    return _quoted([value if isinstance(value, str) else _plain(value)])


def _quoted(texts: Sequence[str]) -> str:
    # All at once: what no text can hold keeps them apart meanwhile.
    joined = _NUL.join(texts)
    if joined.count(_NUL) >= len(texts):
        raise _nul()
    return '"' + joined.replace("\\", "\\\\").replace('"', '\\"').replace(_NUL, '","') + '"'


def _nul() -> psycopg.DataError:
    return psycopg.DataError("a text holds a NUL character, which Postgres cannot store")

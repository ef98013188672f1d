"""What a run says beside its output, checked where it is said."""

from __future__ import annotations

import json
from typing import Any

DELTA_BYTES_MAX = 256 * 1024
DEPTH_MAX = 60
"""The link allows 64; the frame around a delta has its own."""


def checked(delta: Any) -> dict[str, Any]:
    """The delta as plain JSON. Raises TypeError for what is no dict, and ValueError for what cannot be sent."""
    if not isinstance(delta, dict):
        raise TypeError(f"a delta is a dict, not {type(delta).__name__}")
    if "content" in delta:
        raise ValueError("a delta has no content: text is yielded")
    text = json.dumps(delta, ensure_ascii=False, allow_nan=False)
    size = len(text.encode("utf-8"))
    if size > DELTA_BYTES_MAX:
        raise ValueError(f"a delta of {size:,} bytes is larger than {DELTA_BYTES_MAX:,}; say it in pieces")
    if _depth(delta) > DEPTH_MAX:
        raise ValueError(f"a delta can be nested {DEPTH_MAX} levels deep")
    plain: dict[str, Any] = json.loads(text)
    return plain


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        level = [inner for each in level for inner in _inside(each)]
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []

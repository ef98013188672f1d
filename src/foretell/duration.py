"""Durations as people write them: `90`, `90s`, `5m`, `1h30m`, `30d`."""

import re

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_WHOLE = re.compile(r"(?:\d{1,9}[smhd])+|\d{1,9}(?:\.\d{1,6})?")
_PART = re.compile(r"(\d+)([smhd])")


def seconds_of(text: str) -> float:
    """How many seconds that is; a bare number is in seconds. Raises ValueError for other words."""
    word = text.strip().lower()
    if not _WHOLE.fullmatch(word):
        raise ValueError(f"'{text[:40]}' is no time such as 90s, 5m, 1h30m or 30d")
    if word[-1].isdigit():
        return float(word)
    return float(sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(word)))

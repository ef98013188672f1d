"""Values made of bytes: each byte decides something, so that a fuzzer can steer what is made."""

from typing import Any

from fuzz.seeds import BODIES, FRAMES

DEPTH_MAX = 6
ODD = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    -(2**63) - 1,
    0.5,
    -0.0,
    1e308,
    30.0,
    "",
    "\x00",
    "\u2028",
    "\x1b[31m",
    "x" * 5_000,
    "😀",
    "../../etc/passwd",
    "data:,x",
    "http://127.0.0.1/",
    [],
    {},
    [[]],
)


class Bytes:
    """What is left of the input; when nothing is left, all further decisions are zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, below: int) -> int:
        """From 0 up to, and not including, `below`."""
        byte = self._data[self._at] if self._at < len(self._data) else 0
        self._at += 1
        return byte % below

    def rest(self) -> bytes:
        left, self._at = self._data[self._at :], len(self._data)
        return left

    def text(self) -> str:
        size = self.number(24)
        piece, self._at = self._data[self._at : self._at + size], self._at + size
        return piece.decode("utf-8", "replace")


def bent(source: Bytes) -> Any:
    """A body as it should be, but for some places in it."""
    bodies = BODIES + FRAMES
    found: Any = dict(bodies[source.number(len(bodies))])
    for _ in range(source.number(4) + 1):
        _bend(found, source)
    return found


def value(source: Bytes, depth: int = 0) -> Any:
    """Any JSON value."""
    kind = source.number(6 if depth < DEPTH_MAX else 4)
    if kind == 0:
        return ODD[source.number(len(ODD))]
    if kind == 1:
        return source.text()
    if kind == 2:
        return source.number(256) - 128
    if kind == 3:
        return WORDS[source.number(len(WORDS))]
    if kind == 4:
        return [value(source, depth + 1) for _ in range(source.number(5))]
    return {_name(source): value(source, depth + 1) for _ in range(source.number(5))}


def _bend(found: Any, source: Bytes) -> None:
    """Puts something else into a place somewhere within."""
    for _ in range(DEPTH_MAX):
        places: list[Any] = list(found) if isinstance(found, dict) else list(range(len(found)))
        if not places:
            break
        place = places[source.number(len(places))]
        inner = found[place]
        if not isinstance(inner, dict | list) or source.number(3) == 0:
            found[place] = value(source)
            return
        found[place] = found = dict(inner) if isinstance(inner, dict) else list(inner)
    if isinstance(found, dict):
        found[_name(source)] = value(source)


def _name(source: Bytes) -> str:
    return WORDS[source.number(len(WORDS))] if source.number(2) else source.text()


def _names(of: Any) -> list[str]:
    if isinstance(of, dict):
        return [*of, *(name for each in of.values() for name in _names(each))]
    return [name for each in of for name in _names(each)] if isinstance(of, list) else []


WORDS = sorted({name for body in BODIES + FRAMES for name in _names(body)})

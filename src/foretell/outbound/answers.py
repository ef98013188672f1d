"""What strangers gave: a receiver's answer, a file that was fetched."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered, and how long it took. Header names are lower case; `body`: its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was fetched: the type its server gave, a safe name with an extension, and its size."""

    content_type: str
    name: str
    size_bytes: int

"""What waits to be sent to the node, and may still grow or change while it does."""

from __future__ import annotations

from typing import Optional, Union

from .link import encoded, encoded_items
from .steps import Progress

PIECES_MAX = 256
PIECES_BYTES_MAX = 64 * 1024
"""What a run yields in a burst goes in frames of about so much."""


class LogText:
    """Log text of one run and source that has not been sent yet, and grows as more is printed."""

    def __init__(self, run_id: Optional[str], source: str, text: str) -> None:
        self.run_id, self.source, self.pieces, self.size = run_id, source, [text], len(text)

    def encoded(self) -> bytes:
        text = "".join(self.pieces).encode("utf-8", "replace").decode("utf-8")
        return encoded({"type": "log", "id": self.run_id, "source": self.source, "text": text})


class Share:
    """How far a run is; what is newer takes the place of what still waits."""

    def __init__(self, run_id: str, progress: Progress) -> None:
        self.run_id, self.progress = run_id, progress

    def encoded(self) -> bytes:
        frame = {"type": "progress", "id": self.run_id, "fraction": self.progress.fraction}
        steps = self.progress.steps
        if steps is not None:
            frame["steps"] = {"done": steps.done, "of": steps.of, "unit": steps.unit}
        return encoded(frame)


class Pieces:
    """What one run has yielded and has not been sent yet, as JSON; grows as more comes."""

    def __init__(self, run_id: str, value: bytes) -> None:
        self.run_id, self.values, self.size = run_id, [value], len(value)

    def encoded(self) -> bytes:
        return encoded_items(self.run_id, self.values)

    def take(self, run_id: str, value: bytes) -> bool:
        """False where it has no room for it, or is another run's."""
        size = self.size + len(value)
        if run_id != self.run_id or size > PIECES_BYTES_MAX or len(self.values) >= PIECES_MAX:
            return False
        self.values.append(value)
        self.size = size
        return True


Item = Union[bytes, LogText, Share, Pieces]


def joined(items: list[Item]) -> bytes:
    """As it goes over the link."""
    return b"".join(item if isinstance(item, bytes) else item.encoded() for item in items)

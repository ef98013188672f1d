"""The unfinished pictures of a run, checked: what is not a small picture in time is dropped without a word."""

import asyncio
import base64
import time
from pathlib import Path

from foretell.node.beneath import taken
from foretell.node.content_types import HEAD_BYTES, content_type

PREVIEW_BYTES_MAX = 64 * 1024
PREVIEW_SECONDS = 0.2
EARLY_SECONDS = 0.1
"""How much sooner than that one may come: the way here is not always equally long."""
SHOWN = frozenset({"image/png", "image/jpeg", "image/webp"})


class Previews:
    """Those of one run. Without `shown`, nobody sees any: its pictures are checked before they are seen."""

    def __init__(self, folder: Path, *, shown: bool) -> None:
        self._folder = folder
        self._shown = shown
        self._due_seconds = 0.0

    async def take(self, given: str) -> str | None:
        """The picture as a `data:` URI, its file removed; None where it is dropped."""
        now_seconds = time.monotonic()
        try:
            data = await asyncio.to_thread(taken, self._folder, given, bytes_max=PREVIEW_BYTES_MAX)
        except (OSError, ValueError):
            return None
        is_early = now_seconds < self._due_seconds - EARLY_SECONDS
        if not self._shown or is_early or len(data) > PREVIEW_BYTES_MAX:
            return None
        kind = content_type(data[:HEAD_BYTES], "")
        if kind not in SHOWN:
            return None
        self._due_seconds = max(now_seconds, self._due_seconds) + PREVIEW_SECONDS
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"

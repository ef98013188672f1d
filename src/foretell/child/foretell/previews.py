"""The unfinished pictures that a run shows: small, not too many, each a file in the run's folder."""

from __future__ import annotations

import itertools
import os
import pathlib
import stat
import sys
import time
from typing import Any, Optional

PREVIEW_BYTES_MAX = 64 * 1024
PREVIEW_SECONDS = 0.2


class Previews:
    """Those of one run. What comes too early or is too large is dropped: a preview never fails a run."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._due_seconds = 0.0
        self._numbers = itertools.count()

    def take(self, picture: Any) -> Optional[str]:
        """The path in the run's folder of a copy; None where it is dropped. Raises TypeError for no picture."""
        if not isinstance(picture, (str, os.PathLike, bytes, bytearray, memoryview)):
            raise TypeError(f"a preview is a path or bytes, not {type(picture).__name__}")
        now = time.monotonic()
        if now < self._due_seconds:
            return None
        data = _read(picture) if isinstance(picture, (str, os.PathLike)) else bytes(picture)
        if not data or len(data) > PREVIEW_BYTES_MAX:
            return None
        self._due_seconds = now + PREVIEW_SECONDS
        copy = self._folder / f"preview-{next(self._numbers)}"
        copy.write_bytes(data)
        return copy.name


def _read(path: Any) -> bytes:
    """What the file holds, if that is little; nothing, with a line in the log, if it cannot be read."""
    try:
        file = pathlib.Path(path)
        status = file.stat()
        small = stat.S_ISREG(status.st_mode) and status.st_size <= PREVIEW_BYTES_MAX
        return file.read_bytes() if small else b""
    except OSError as error:
        print(f"the preview {path} cannot be read: {error.strerror}", file=sys.stderr)
        return b""

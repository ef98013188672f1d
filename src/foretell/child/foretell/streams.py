"""`sys.stdout` and `sys.stderr` of the child: what is printed becomes the log of the run that printed it."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from .outbox import Outbox
from .scope import active


class LogStream(io.TextIOBase):
    """A text stream that keeps nothing: each write goes to the outbox."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, outbox: Outbox, source: str, descriptor: int) -> None:
        self._outbox = outbox
        self._source = source
        self._descriptor = descriptor
        self.buffer = LogBytes(self)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        scope = active()
        if text and scope is not None:
            scope.log(self._source, text)
        elif text:
            self._outbox.log(None, self._source, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """The real one, for a subprocess to inherit: what is written there comes to the node by a pipe."""
        return self._descriptor


class LogBytes(io.RawIOBase):
    """The same stream for those who write bytes."""

    def __init__(self, text: LogStream) -> None:
        self._text = text

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._text.write(raw.decode("utf-8", "replace"))
        return len(raw)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._text.fileno()


def install(outbox: Outbox) -> None:
    """From here on, prints are frames; in a forked process, where no thread sends them, prints again."""
    sys.stdout = LogStream(outbox, "stdout", 1)
    sys.stderr = LogStream(outbox, "stderr", 2)
    os.register_at_fork(after_in_child=_restore)


def _restore() -> None:
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

"""A child's standard output or error: always read, never waited for, because others may hold it open."""

import asyncio
import codecs
import os
from collections.abc import Callable
from typing import IO

READ_BYTES = 64 * 1024
DRAIN_READS_MAX = 64
"""One drain looks at 4 MiB at most, so that a flood cannot hold the loop."""


class Pipe:
    """Tells `hear` what arrives, as text."""

    def __init__(self, file: IO[bytes], source: str, hear: Callable[[str, str], None]) -> None:
        self._file = file
        self._source = source
        self._hear = hear
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        os.set_blocking(file.fileno(), False)
        asyncio.get_running_loop().add_reader(file.fileno(), self._read)

    def drain(self) -> None:
        """Tells at once what has been written so far."""
        for _ in range(DRAIN_READS_MAX):
            if not self._read():
                return

    def close(self) -> None:
        """What was not read by now is dropped."""
        if not self._file.closed:
            asyncio.get_running_loop().remove_reader(self._file.fileno())
            self._file.close()

    def _read(self) -> bool:
        """False means that there is nothing more, for now or for ever."""
        if self._file.closed:
            return False
        try:
            data = os.read(self._file.fileno(), READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self.close()
            return False
        text = self._decoder.decode(data)
        if text:
            self._hear(self._source, text)
        return True

"""The header of a GGUF file: what its weights say of themselves."""

import struct
from typing import Any

from foretell.errors import Code, Error
from foretell.families.files import Files

MAGIC = b"GGUF"
READ_BYTES = 1024**2
HEADER_BYTES_MAX = 64 * 1024**2
"""The longest part of a header is its vocabulary, which has up to some hundred thousand words."""
VALUES_MAX = 10_000

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


def read_header(files: Files, path: str) -> dict[str, Any]:
    """Names and values, without the lists. Error(INVALID_REQUEST) when the file is no GGUF, or is damaged."""
    reading = _Reading(files, path)
    if reading.take(4) != MAGIC:
        raise Error(Code.INVALID_REQUEST, f"{path} is no GGUF file, whatever its name says.")
    version = reading.number("I")
    if version not in (2, 3):
        raise Error(Code.INVALID_REQUEST, f"{path} is a GGUF file of version {version}; 2 and 3 are read.")
    reading.number("Q")  # how many tensors there are
    count = reading.number("Q")
    if count > VALUES_MAX:
        raise reading.damaged()
    found = {}
    for _ in range(count):
        name = reading.text()
        value = reading.value(reading.number("I"))
        if value is not None:
            found[name] = value
    return found


class _Reading:
    """One file, read from its beginning on."""

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        self._path = path
        self._bytes = b""
        self._start = 0  # where in the file `_bytes` begin
        self._at = 0  # how much of `_bytes` was taken

    def take(self, size: int) -> bytes:
        if self._start + self._at + size > HEADER_BYTES_MAX:
            raise self.damaged()
        missing = self._at + size - len(self._bytes)
        if missing > 0:
            self._read_on(missing)
        taken = self._bytes[self._at : self._at + size]
        if len(taken) < size:
            raise self.damaged()
        self._at += size
        return taken

    def number(self, form: str) -> int:
        return int(struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        return self.take(self.number("Q")).decode(errors="replace")

    def value(self, kind: int) -> Any:
        """A number or a text; None for a list, which is passed over."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            self._pass_list()
            return None
        if kind not in _NUMBERS:
            raise self.damaged()
        form = _NUMBERS[kind]
        return struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0]

    def damaged(self) -> Error:
        return Error(Code.INVALID_REQUEST, f"{self._path} has a damaged GGUF header.")

    def _pass_list(self) -> None:
        kind, count = self.number("I"), self.number("Q")
        if kind in _NUMBERS:
            self.take(count * struct.calcsize(_NUMBERS[kind]))
            return
        if kind != _STRING:
            raise self.damaged()
        for _ in range(count):
            self.take(self.number("Q"))

    def _read_on(self, missing: int) -> None:
        self._start += self._at
        rest = self._bytes[self._at :]
        more = self._files.part(self._path, self._start + len(rest), max(missing, READ_BYTES))
        self._bytes, self._at = rest + more, 0

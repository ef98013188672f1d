"""Multipart bodies: the one file in an upload, read piece by piece and never held whole, and the fields beside it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from foretell.errors import Code, Error

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

BESIDE_BYTES_MAX = 1024**2
"""How much may stand in the body beside the file."""

_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}", re.ASCII)


class Upload:
    """The first file of a multipart body. `name` and `content_type` are what the caller says of it.

    `field` is the name of its part. `fields` are the parts that are no files, complete once the file was read;
    `others` are the names of the parts of further files, which are not read.
    """

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise _malformed("it must be multipart/form-data with the file in a part named 'file'")
        self.name = ""
        self.content_type = ""
        self.field = ""
        self.fields: dict[str, list[str]] = {}
        self.others: list[str] = []
        self._chunks = request.stream()
        try:
            self._parser = MultipartParser(boundary, _callbacks(self))
        except FormParserError as error:
            raise _malformed(str(error)) from error
        self._header = (bytearray(), bytearray())
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._state = "before"
        self._beside_bytes = 0
        self._value: tuple[str, bytearray] | None = None

    async def begin(self) -> None:
        """Reads up to the file's first byte. Raises Error(INVALID_REQUEST) when there is none."""
        while self._state == "before" and await self._feed():
            if self._beside_bytes > BESIDE_BYTES_MAX:
                raise _malformed("there is too much before the file")
        if self._state == "before":
            raise _malformed("it has no file; send one in a part named 'file'")

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes of the file. Raises Error(INVALID_REQUEST) when the body ends before the file does."""
        while True:
            pieces, self._pieces = self._pieces, []
            for piece in pieces:
                yield piece
            if self._state == "after":
                break
            if not await self._feed():
                raise _malformed("it ends in the middle of the file")
        while await self._feed():
            if self._beside_bytes > BESIDE_BYTES_MAX:
                raise _malformed("there is too much after the file")

    async def _feed(self) -> bool:
        """Parses the next chunk; False at the end of the body."""
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            return False
        if self._state != "within":
            self._beside_bytes += len(chunk)
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise _malformed(str(error)) from error
        return True

    def on_part_begin(self) -> None:
        self._headers = {}

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._header = (bytearray(), bytearray())

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        part = options.get(b"name", b"").decode("utf-8", "replace")
        self._value = None
        if b"filename" not in options:
            self._value = part, bytearray()
        elif self._state == "before":
            self._begin_file(part, options[b"filename"])
        else:
            self.others.append(part)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._value is not None:
            self._value[1].extend(data[start:end])
        elif self._state == "within":
            self._pieces.append(data[start:end])

    def on_part_end(self) -> None:
        if self._value is not None:
            part, value = self._value
            self.fields.setdefault(part, []).append(value.decode("utf-8", "replace"))
        elif self._state == "within":
            self._state = "after"

    def _begin_file(self, part: str, name: bytes) -> None:
        self._state = "within"
        self.field = part
        self.name = unquote(name.decode("utf-8", "replace"))
        declared = self._headers.get("content-type", "").partition(";")[0].strip().lower()
        self.content_type = declared if _TYPE.fullmatch(declared) else ""


def _callbacks(upload: Upload) -> MultipartCallbacks:
    return {
        "on_part_begin": upload.on_part_begin,
        "on_header_field": upload.on_header_field,
        "on_header_value": upload.on_header_value,
        "on_header_end": upload.on_header_end,
        "on_headers_finished": upload.on_headers_finished,
        "on_part_data": upload.on_part_data,
        "on_part_end": upload.on_part_end,
    }


def _malformed(reason: str) -> Error:
    return Error(Code.INVALID_REQUEST, f"The body cannot be read as an upload: {reason}.")

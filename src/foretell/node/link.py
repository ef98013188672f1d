"""The node's end of the link to a child: length-prefixed JSON frames, capped and gathered."""

import asyncio
import json
import socket
import struct
from typing import Any

from foretell.node.frames import Delta, Done, Frame, Output, decoded

FRAME_BYTES_MAX = 16 * 1024**2
DEPTH_MAX = 64
FILES_MAX = 1_000
"""Files in one frame."""
BUFFER_BYTES = 1024**2
"""How much of what a child sent may wait to be looked at; beyond it the child has to wait."""

_LENGTH = struct.Struct(">I")


class BrokenLink(Exception):
    """The other side said something that is not a frame within the limits; the message says what."""


class Link:
    """One end of a connected stream. One task receives, any may send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: list[bytes] = []

    async def receive(self) -> Frame | None:
        """The next frame; None when the other side has gone. Raises BrokenLink."""
        try:
            (size,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if size > FRAME_BYTES_MAX:
                raise BrokenLink(f"a frame of {size} bytes")
            return _checked(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError):
            return None

    def send(self, frame: dict[str, Any]) -> None:
        """Sends with whatever else this turn of the loop sends. To a side that has gone, it does nothing."""
        body = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(_LENGTH.pack(len(body)) + body)

    def close(self) -> None:
        """Drops what was not sent yet."""
        self._writer.transport.abort()

    def _flush(self) -> None:
        data = b"".join(self._waiting)
        self._waiting.clear()
        if not self._writer.transport.is_closing():
            self._writer.write(data)


async def open_link(end: socket.socket) -> Link:
    """The link over one end of a socketpair, which it owns from here on."""
    end.setblocking(False)
    return Link(*await asyncio.open_unix_connection(sock=end, limit=BUFFER_BYTES))


def _checked(body: bytes) -> Frame:
    try:
        frame = decoded(body)
    except ValueError as error:
        raise BrokenLink(f"something that is not a frame ({error})") from error
    if isinstance(frame, Output | Done) and len(frame.files) > FILES_MAX:
        raise BrokenLink(f"more than {FILES_MAX} files at once")
    # Counting brackets is quick and never too low, so that only suspects are walked.
    is_suspect = body.count(b"[") + body.count(b"{") > DEPTH_MAX
    if is_suspect and _depth(_value(frame)) > DEPTH_MAX:
        raise BrokenLink(f"a value nested deeper than {DEPTH_MAX} levels")
    return frame


def _value(frame: Frame) -> Any:
    match frame:
        case Output() | Done():
            return frame.value
        case Delta():
            return frame.delta
    return None


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level := [inner for each in level for inner in _inside(each)]:
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []

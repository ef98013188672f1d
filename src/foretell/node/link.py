"""The node's end of the link to a child: length-prefixed JSON frames, capped and gathered."""

import asyncio
import json
import socket
import struct
from collections import deque
from typing import Any

import msgspec

from foretell.node.frames import Delta, Done, Frame, Items, Output, decoded

FRAME_BYTES_MAX = 16 * 1024**2
DEPTH_MAX = 64
FILES_MAX = 1_000
"""Files in one frame."""
ITEMS_MAX = 1_000
"""Items in one frame."""
AT_ONCE = 16
"""Parts of frames, two of each, that are sent without waiting for more."""
BUFFER_BYTES = 1024**2
"""How much of what a child sent may wait to be looked at; beyond it the child has to wait."""

_LENGTH = struct.Struct(">I")


class BrokenLink(Exception):
    """The other side said something that is not a frame within the limits; the message says what."""


class Link(asyncio.Protocol):
    """One end of a connected stream. One task receives, any may send."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self.arrivals = 0
        """How often something has come."""
        self._buffer = bytearray()
        self._bodies: deque[bytes | BrokenLink] = deque()
        self._bytes = 0
        self._is_closed = False
        self._is_held_back = False
        self._receiver: asyncio.Future[None] | None = None
        self._waiting: list[bytes] = []

    async def receive(self) -> Frame | None:
        """The next frame; None when the other side has gone. Raises BrokenLink."""
        while not self._bodies:
            if self._is_closed:
                return None
            self._receiver = asyncio.get_running_loop().create_future()
            await self._receiver
        body = self._bodies.popleft()
        if isinstance(body, BrokenLink):
            raise body
        self._bytes -= len(body)
        if self._is_held_back and self._bytes < BUFFER_BYTES and not self._is_closed:
            self._is_held_back = False
            self._transport.resume_reading()
        return _checked(body)

    def send(self, frame: dict[str, Any], *, at_once: bool = False) -> None:
        """Sends with whatever else this turn of the loop sends, or `at_once`. Does nothing where nobody is left."""
        body = _encoded(frame)
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(_LENGTH.pack(len(body)))
        self._waiting.append(body)
        if at_once or len(self._waiting) >= AT_ONCE:
            # So that the child is at them while there are more to come.
            self._flush()

    def close(self) -> None:
        """Drops what was not sent yet."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.arrivals += 1
        self._buffer += data
        start, end = 0, len(self._buffer)
        while end - start >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer, start)
            if size > FRAME_BYTES_MAX:
                self._bodies.append(BrokenLink(f"a frame of {size} bytes"))
                self._transport.pause_reading()
                break
            body_start = start + _LENGTH.size
            if end - body_start < size:
                break
            start = body_start + size
            self._bodies.append(bytes(self._buffer[body_start:start]))
            self._bytes += size
        del self._buffer[:start]
        self._wake()
        if self._bytes >= BUFFER_BYTES and not self._is_held_back:
            self._is_held_back = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    def _flush(self) -> None:
        data = b"".join(self._waiting)
        self._waiting.clear()
        if data and not self._transport.is_closing():
            self._transport.write(data)


async def open_link(end: socket.socket) -> Link:
    """The link over one end of a socketpair, which it owns from here on."""
    end.setblocking(False)
    _, link = await asyncio.get_running_loop().create_unix_connection(Link, sock=end)
    return link


def _encoded(frame: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(frame)
    except UnicodeEncodeError:  # half a surrogate pair, as the caller sent it
        return json.dumps(frame, separators=(",", ":")).encode()


def _checked(body: bytes) -> Frame:
    try:
        frame = decoded(body)
    except ValueError as error:
        raise BrokenLink(f"something that is not a frame ({error})") from error
    if isinstance(frame, Output | Done) and len(frame.files) > FILES_MAX:
        raise BrokenLink(f"more than {FILES_MAX} files at once")
    if isinstance(frame, Items) and len(frame.values) > ITEMS_MAX:
        raise BrokenLink(f"more than {ITEMS_MAX} items at once")
    # Counting brackets is quick and never too low, so that only suspects are walked.
    is_suspect = body.count(b"[") + body.count(b"{") > DEPTH_MAX
    if is_suspect and any(_depth(each) > DEPTH_MAX for each in _values(frame)):
        raise BrokenLink(f"a value nested deeper than {DEPTH_MAX} levels")
    return frame


def _values(frame: Frame) -> list[Any]:
    match frame:
        case Output() | Done():
            return [frame.value]
        case Items():
            return frame.values
        case Delta():
            return [frame.delta]
    return []


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level := [inner for each in level for inner in _inside(each)]:
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []

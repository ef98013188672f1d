"""The node's end of the link to a child: length-prefixed JSON frames, capped and gathered."""

import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine
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


Hear = Callable[[Frame], Coroutine[Any, Any, None] | None]
"""Is given each frame, and gives back what is to be waited for before the next."""


class Link(asyncio.Protocol):
    """One end of a connected stream. One task listens, any may send."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self.arrivals = 0
        """How often something has come."""
        self._buffer = bytearray()
        self._bodies: deque[bytes | BrokenLink] = deque()
        self._bytes = 0
        self._is_closed = False
        self._is_held_back = False
        self._hear: Hear | None = None
        self._wait: Coroutine[Any, Any, None] | None = None
        self._listener: asyncio.Future[None] | None = None
        self._waiting: list[bytes] = []

    async def listen(self, hear: Hear) -> None:
        """Lets all frames be heard in the moment in which they come; returns when the other side has gone.

        Raises BrokenLink.
        """
        while True:
            self._hand_over(hear)
            if self._wait is not None:
                wait, self._wait = self._wait, None
                await wait
            elif self._bodies:
                assert isinstance(self._bodies[0], BrokenLink)
                raise self._bodies[0]
            elif self._is_closed:
                return
            else:
                self._hear = hear
                self._listener = asyncio.get_running_loop().create_future()
                try:
                    await self._listener
                finally:
                    self._hear = None

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
        if self._hear is not None and self._wait is None:
            self._hand_over(self._hear)
        if self._bytes >= BUFFER_BYTES and not self._is_held_back:
            self._is_held_back = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closed = True
        self._wake()

    def _hand_over(self, hear: Hear) -> None:
        """Lets be heard what has come, up to what has to wait or is no frame: for these, the listener is woken."""
        while self._bodies and self._wait is None:
            body = self._bodies[0]
            if isinstance(body, BrokenLink):
                break
            try:
                frame = _checked(body)
            except BrokenLink as error:
                self._bodies[0] = error
                break
            self._bodies.popleft()
            self._bytes -= len(body)
            self._wait = hear(frame)
        if self._bodies or self._wait is not None:
            self._wake()
        if self._is_held_back and self._bytes < BUFFER_BYTES and not self._is_closed:
            self._is_held_back = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._listener is not None and not self._listener.done():
            self._listener.set_result(None)

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

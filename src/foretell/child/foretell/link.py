"""The link to the node: frames on a socket, each a big-endian length of 4 bytes and a JSON object."""

from __future__ import annotations

import argparse
import json
import select
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any, Optional

Frame = dict[str, Any]

PROTOCOL = 1
FRAME_BYTES_MAX = 16 * 1024 * 1024
READ_BYTES = 256 * 1024

_LENGTH = struct.Struct(">I")
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class FrameTooLarge(ValueError):
    """`size_bytes` is how long the frame would have been."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"a frame of {size_bytes} bytes")
        self.size_bytes = size_bytes


class LinkClosed(Exception):
    """The node has gone, or said something that is not a frame."""


class Link:
    """One end of the connection. One thread may receive while another sends."""

    def __init__(self, connection: socket.socket) -> None:
        # The node may have made its pair non-blocking. A predictor's subprocess must not hold the link open.
        connection.setblocking(True)
        connection.set_inheritable(False)
        self._socket = connection
        self._buffer = bytearray()
        self._poll = select.poll()
        self._poll.register(connection.fileno(), select.POLLIN)

    def receive(self, timeout_seconds: Optional[float] = None) -> Optional[Frame]:
        """The next frame; None when the time is over first. Raises `LinkClosed`."""
        while True:
            frame = self._take()
            if frame is not None:
                return frame
            if timeout_seconds is not None and not self._poll.poll(timeout_seconds * 1000):
                return None
            self._fill()

    def send(self, frames: Iterator[bytes]) -> None:
        """Writes encoded frames at once. Raises OSError when the node has gone."""
        self._socket.sendall(b"".join(frames))

    def send_some(self, data: bytes) -> int:
        """How many bytes could be sent without waiting. Raises OSError when the node has gone."""
        try:
            return self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        self._socket.close()

    def _fill(self) -> None:
        try:
            chunk = self._socket.recv(READ_BYTES)
        except OSError as error:
            raise LinkClosed(str(error)) from error
        if not chunk:
            raise LinkClosed("the node closed the link")
        self._buffer += chunk

    def _take(self) -> Optional[Frame]:
        if len(self._buffer) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer)
        if size > FRAME_BYTES_MAX:
            raise LinkClosed(f"the node sent a frame of {size} bytes")
        end = _LENGTH.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return _decoded(body)


def asked(arguments: list[str]) -> argparse.Namespace:
    """What the command line says: `--fd N`, an inherited socket, and what is not to be seen."""
    parser = argparse.ArgumentParser(prog="foretell child")
    parser.add_argument("--fd", type=int, required=True, help="the inherited socket that leads to the node")
    parser.add_argument("--hide", help="a directory that is to be empty")
    parser.add_argument("--keep", action="append", default=[], help="a directory in it that is not")
    parser.add_argument("--no-network", action="store_true", help="there is to be no network")
    return parser.parse_args(arguments)


def connect(descriptor: int) -> Link:
    """The link over an inherited socket."""
    return Link(socket.socket(fileno=descriptor))


def encoded(frame: Frame) -> bytes:
    """The frame as it goes over the link. Raises `FrameTooLarge`, and ValueError for what JSON cannot say."""
    return _framed(encoded_value(frame))


def encoded_value(value: Any) -> bytes:
    """The value as it stands in a frame. Raises like `encoded`."""
    return _ENCODER.encode(value).encode("utf-8")


def encoded_items(run_id: str, values: Sequence[bytes]) -> bytes:
    """The frame for encoded values that a run has yielded one after the other. Raises `FrameTooLarge`."""
    head = '{"type":"items","id":%s,"values":[' % _ENCODER.encode(run_id)
    return _framed(b"%b%b]}" % (head.encode("utf-8"), b",".join(values)))


def _framed(body: bytes) -> bytes:
    if len(body) > FRAME_BYTES_MAX:
        raise FrameTooLarge(len(body))
    return _LENGTH.pack(len(body)) + body


def _decoded(body: bytes) -> Frame:
    try:
        frame = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LinkClosed(f"the node sent something that is not JSON: {error}") from error
    if not isinstance(frame, dict):
        raise LinkClosed("the node sent a frame that is not an object")
    return frame

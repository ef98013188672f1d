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
_text = _ENCODER.encode
_scan = json.JSONDecoder().scan_once


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
        self._arrival = select.poll()
        self._arrival.register(connection.fileno(), select.POLLIN)
        # Read into again and again: so much fresh memory for each frame would cost more than the frame.
        self._read = memoryview(bytearray(READ_BYTES))

    def receive(self, *, wait: bool) -> list[Frame]:
        """The frames that have come; none are no more than a part of one, or without `wait` nothing at all.

        Raises `LinkClosed`.
        """
        if wait:
            # Not in the reading: there, the node's taking of what it was sent would wake this thread as well.
            self._arrival.poll()
        try:
            size = self._socket.recv_into(self._read, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError as error:
            raise LinkClosed(str(error)) from error
        if not size:
            raise LinkClosed("the node closed the link")
        self._buffer += self._read[:size]
        return list(self._frames())

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, frames: bytes) -> None:
        """Writes encoded frames. Raises OSError when the node has gone."""
        self._socket.sendall(frames)

    def send_some(self, data: bytes) -> int:
        """How many bytes could be sent without waiting. Raises OSError when the node has gone."""
        try:
            return self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        self._socket.close()

    def _frames(self) -> Iterator[Frame]:
        start, there = 0, len(self._buffer)
        while there - start >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer, start)
            if size > FRAME_BYTES_MAX:
                raise LinkClosed(f"the node sent a frame of {size} bytes")
            body = start + _LENGTH.size
            if there < body + size:
                break
            start = body + size
            yield _decoded(self._buffer[body:start])
        del self._buffer[:start]


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


def encoded_done(run_id: str, result: Optional[Frame], measured: Frame) -> bytes:
    """The frame for a run that has succeeded. Raises like `encoded`."""
    if result is None or result["files"] or type(result["value"]) is not str:
        return encoded({"type": "done", "id": run_id, **(result or {}), **measured})
    # The most frequent one. To encode a text takes a tenth of what it takes to encode an object.
    head = '{"type":"done","id":%s,"value":%s,"files":[]' % (_text(run_id), _text(result["value"]))
    figures = "".join([f',"{name}":{figure!r}' for name, figure in measured.items()])
    return _framed(f"{head}{figures}}}".encode())


def encoded_items(run_id: str, values: Sequence[bytes]) -> bytes:
    """The frame for encoded values that a run has yielded one after the other. Raises `FrameTooLarge`."""
    head = '{"type":"items","id":%s,"values":[' % _text(run_id)
    return _framed(b"%b%b]}" % (head.encode("utf-8"), b",".join(values)))


def _framed(body: bytes) -> bytes:
    if len(body) > FRAME_BYTES_MAX:
        raise FrameTooLarge(len(body))
    return _LENGTH.pack(len(body)) + body


def _decoded(body: bytearray) -> Frame:
    try:
        text = body.decode("utf-8", "surrogatepass")
        frame, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError) as error:
        raise LinkClosed(f"the node sent something that is not JSON: {error}") from error
    if end != len(text) or not isinstance(frame, dict):
        raise LinkClosed("the node sent a frame that is not an object")
    return frame

"""An answer arrives though its caller has more to send than anybody will read."""

import socket

import pytest

from served_api import Api

HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
SECONDS = 20


def connected(api: Api) -> socket.socket:
    host, port = api.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS)


def answered(connection: socket.socket) -> bytes:
    """The answer's head and body, as soon as they are there."""
    found = b""
    while b"}" not in found:
        piece = connection.recv(65_536)
        assert piece, found
        found += piece
    return found


@pytest.mark.parametrize("closing", [b"", b"Connection: close\r\n"])
def test_who_sends_all_before_reading_reads_the_refusal(api: Api, closing: bytes) -> None:
    body = b"x" * 30_000_000
    with connected(api) as connection:
        connection.sendall(HEAD + closing + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert answered(connection).startswith(b"HTTP/1.1 401 ")


def test_who_stops_sending_is_answered_at_once(api: Api) -> None:
    with connected(api) as connection:
        connection.sendall(HEAD + b"Content-Length: 30000000\r\n\r\nonly this")
        assert answered(connection).startswith(b"HTTP/1.1 401 ")


def test_who_asks_whether_to_send_is_refused_before(api: Api) -> None:
    with connected(api) as connection:
        connection.sendall(HEAD + b"Content-Length: 30000000\r\nExpect: 100-continue\r\n\r\n")
        answer = answered(connection)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in answer


def test_the_connection_serves_the_next_request_after_a_large_refused_one(api: Api) -> None:
    body = b"x" * 5_000_000
    with connected(api) as connection:
        for _ in range(3):
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert answered(connection).startswith(b"HTTP/1.1 401 ")

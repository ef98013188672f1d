"""What comes over a connection and is no proper request is refused in JSON, and nothing that comes is endless."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

import strict
from foretell.main import wire
from served_api import Api

SECONDS = 10.0
HEAD = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n"


@contextmanager
def connection(api: Api) -> Iterator[socket.socket]:
    """A bare connection to the API."""
    address = urlsplit(api.address)
    with socket.create_connection((address.hostname, address.port), SECONDS) as found:
        yield found


def rest(caller: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    found = b""
    while piece := caller.recv(65_536):
        found += piece
    return found


def refused(answer: bytes, status: int, error_id: str) -> str:
    """The message of a whole refusal in JSON, after which the server hangs up."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert lines[0].startswith(f"http/1.1 {status} ")
    assert (headers["content-type"], headers["connection"]) == ("application/json", "close")
    assert int(headers["content-length"]) == len(body)
    found = json.loads(body)
    strict.check(strict.ERROR, found)
    assert found["error"]["error_id"] == error_id
    assert found["error"]["request_id"] == headers["x-request-id"]
    return str(found["response"])


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a handshake of TLS\r\n\r\n",
        b"hello\r\n\r\n",
        b"BREW /v1/predict HTTP/1.1\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b"x-a: \x00\r\n\r\n",
        HEAD + b"content-length: -5\r\n\r\n",
        HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
def test_bytes_that_are_no_request_are_refused_in_json(api: Api, sent: bytes) -> None:
    with connection(api) as caller:
        caller.sendall(sent)
        refused(rest(caller), 400, "INVALID_REQUEST")


def test_a_chunk_that_is_none_ends_the_request(api: Api) -> None:
    with connection(api) as caller:
        head = f"POST /v1/predict HTTP/1.1\r\nhost: x\r\nx-api-key: {api.key}\r\n"
        caller.sendall(head.encode() + b"transfer-encoding: chunked\r\n\r\nZZ\r\nhello")
        refused(rest(caller), 400, "INVALID_REQUEST")


def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(api: Api) -> None:
    with connection(api) as caller:
        caller.sendall(HEAD)
        sent = 0
        with pytest.raises(OSError):
            while sent < 100 * wire.HEAD_BYTES_MAX:
                caller.sendall(b"x-more: " + b"a" * 8_000 + b"\r\n")
                sent += 8_000
        assert sent < 100 * wire.HEAD_BYTES_MAX


def test_a_large_head_is_refused_with_its_limit(api: Api) -> None:
    with connection(api) as caller:
        caller.sendall(HEAD + b"x-more: " + b"a" * wire.HEAD_BYTES_MAX)
        message = refused(rest(caller), 413, "PAYLOAD_TOO_LARGE")
    assert f"{wire.HEAD_BYTES_MAX:,}" in message


def test_many_requests_on_one_connection_each_have_a_head_of_their_own(api: Api) -> None:
    whole = HEAD + f"x-api-key: {api.key}\r\nx-more: ".encode() + b"a" * 20_000 + b"\r\n\r\n"
    with connection(api) as caller:
        for _ in range(6):
            caller.sendall(whole)
            assert caller.recv(15) == b"HTTP/1.1 200 OK"
            head = b""
            while b"\r\n\r\n" not in head:
                head += caller.recv(65_536)
            head, _, body = head.partition(b"\r\n\r\n")
            (length,) = [
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")
            ]
            while len(body) < length:
                body += caller.recv(65_536)


def test_a_head_that_does_not_come_is_not_waited_for_for_ever(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    with connection(api) as slow, connection(api) as silent:
        slow.sendall(HEAD)
        assert "within 0.2 seconds" in refused(rest(slow), 400, "INVALID_REQUEST")
        assert rest(silent) == b""


@pytest.mark.parametrize("path", ["/", "/v1/models"])
def test_head_answers_like_get_without_a_body(api: Api, path: str) -> None:
    with api.client() as client:
        got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize("path", ["/v1/nowhere", "/v2/models", "/nowhere/at/all", "/v1"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_path_that_leads_nowhere_says_so_in_json(api: Api, method: str, path: str) -> None:
    with api.client() as client:
        answer = client.request(method, path)
    assert answer.status_code == 404
    strict.check(strict.ERROR, answer.json())
    assert answer.json()["error"]["error_id"] == "ENDPOINT_NOT_FOUND"


def test_a_preflight_lets_pages_send_a_key_and_a_body(api: Api) -> None:
    asked = {
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-api-key, authorization, content-type",
    }
    with api.anyone(**asked) as client:
        answer = client.options("/v1/predict")
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == "application/json"
    allowed = set(answer.headers["access-control-allow-headers"].split(", "))
    assert {"x-api-key", "authorization", "content-type"} <= allowed
    assert {"POST", "DELETE", "PATCH"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_preflight_for_what_pages_may_not_do_is_refused_in_json(api: Api) -> None:
    with api.anyone(**{"origin": "https://a.example", "access-control-request-method": "TRACE"}) as client:
        answer = client.options("/v1/predict")
    assert answer.status_code == 400
    strict.check(strict.ERROR, answer.json())
    allowed = set(answer.headers["access-control-allow-headers"].split(", "))
    assert {"x-api-key", "authorization", "content-type"} <= allowed

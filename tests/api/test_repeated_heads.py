"""A client's requests on one connection mostly begin with the same bytes: each is still a request of its own."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from served_api import Api
from servers import until

SECONDS = 10.0
PROMPTS = ["red fox", "big cat", "old dog", "new owl", "fat rat"]


@contextmanager
def connection(api: Api) -> Iterator[socket.socket]:
    """A bare connection to the API."""
    address = urlsplit(api.address)
    with socket.create_connection((address.hostname, address.port), SECONDS) as found:
        # What is sent goes at once, also while an answer is awaited.
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield found


def body_of(prompt: str) -> bytes:
    return json.dumps({"model": "truefusion", "input": {"prompt": prompt}}).encode()


def head(api: Api, *more: str, key: str | None = None) -> bytes:
    lines = ["POST /v1/predict HTTP/1.1", "host: x", f"x-api-key: {key or api.key}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def request(api: Api, prompt: str) -> bytes:
    body = body_of(prompt)
    return head(api, f"content-length: {len(body)}") + body


class Answers:
    """What comes back on a connection, answer by answer."""

    def __init__(self, caller: socket.socket) -> None:
        self._caller = caller
        self._left = b""

    def next(self) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the next one."""
        found, _, self._left = self._until(b"\r\n\r\n").partition(b"\r\n\r\n")
        lines = found.split(b"\r\n")
        (length,) = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length")]
        while len(self._left) < length:
            self._left += self._piece()
        body, self._left = self._left[:length], self._left[length:]
        return int(lines[0].split()[1]), json.loads(body)

    def prompt(self) -> str:
        """The prompt that the next one's prediction was created with."""
        status, found = self.next()
        assert status == 200, found
        return str(found["input"]["prompt"])

    def _until(self, end: bytes) -> bytes:
        while end not in self._left:
            self._left += self._piece()
        return self._left

    def _piece(self) -> bytes:
        piece = self._caller.recv(65_536)
        assert piece, "the server hung up"
        return piece


def test_each_is_answered_for_its_own_body(api: Api) -> None:
    with connection(api) as caller:
        answers = Answers(caller)
        for prompt in PROMPTS:
            caller.sendall(request(api, prompt))
            assert answers.prompt() == prompt


def test_a_body_of_another_length_and_one_that_comes_in_pieces_are_read_whole(api: Api) -> None:
    with connection(api) as caller:
        answers = Answers(caller)
        for prompt in PROMPTS[:3]:
            caller.sendall(request(api, prompt))
            assert answers.prompt() == prompt
        long = "a very " * 1_000 + "red fox"
        caller.sendall(request(api, long))
        assert answers.prompt() == long
        whole = request(api, PROMPTS[3])
        for piece in (whole[:-9], whole[-9:]):
            caller.sendall(piece)
        assert answers.prompt() == PROMPTS[3]
        caller.sendall(request(api, PROMPTS[4]))
        assert answers.prompt() == PROMPTS[4]


def test_those_that_are_sent_before_the_last_is_answered_come_in_their_order(api: Api) -> None:
    with connection(api) as caller:
        answers = Answers(caller)
        for prompt in PROMPTS[:3]:
            caller.sendall(request(api, prompt))
            assert answers.prompt() == prompt
        for _ in range(20):
            caller.sendall(b"".join(request(api, prompt) for prompt in PROMPTS))
            assert [answers.prompt() for _ in PROMPTS] == PROMPTS
            for prompt in PROMPTS:
                caller.sendall(request(api, prompt))
            assert [answers.prompt() for _ in PROMPTS] == PROMPTS


def test_one_that_comes_while_the_last_is_waited_for_is_answered_after_it(api: Api) -> None:
    waits = b'{"model": "deepbrain", "input": {"prompt": "Hello?"}, "await": true}'
    quick = waits.replace(b'"await": true', b'"await":false')
    first = head(api, f"content-length: {len(waits)}")
    with connection(api) as caller, api.client() as client:
        answers = Answers(caller)
        for _ in range(3):
            caller.sendall(first + quick)
            assert answers.next()[1]["status"] == "starting"

        def ids() -> set[str]:
            return {each["id"] for each in client.get("/v1/predictions").json()["data"]}

        before = ids()
        caller.sendall(first + waits)
        until(lambda: ids() - before, about="the prediction that is waited for")
        (waited_for,) = ids() - before
        caller.sendall(first + quick)
        # The second has come by the time in which another connection is answered.
        assert client.get("/v1/models").status_code == 200
        api.succeed(api.begin(waited_for), "Hello.")
        assert [answers.next()[1]["status"] for _ in range(2)] == ["succeeded", "starting"]


def test_another_head_of_the_same_length_is_another_head(api: Api) -> None:
    with connection(api) as caller:
        answers = Answers(caller)
        for _ in range(3):
            caller.sendall(request(api, "red fox"))
            assert answers.prompt() == "red fox"
        caller.sendall(request(api, "red fox").replace(api.key.encode(), api.key[::-1].encode()))
        assert answers.next()[0] == 401


def test_a_body_in_chunks_is_put_together_each_time(api: Api) -> None:
    with connection(api) as caller:
        answers = Answers(caller)
        for at, prompt in enumerate(PROMPTS, start=10):
            body = body_of(prompt)
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (body[:at], body[at:], b""))
            caller.sendall(head(api, "transfer-encoding: chunked") + chunks)
            assert answers.prompt() == prompt


def test_a_key_that_is_revoked_meanwhile_is_refused(api: Api) -> None:
    key = api.other_account()
    body = body_of("red fox")
    whole = head(api, f"content-length: {len(body)}", key=key) + body
    with connection(api) as caller:
        answers = Answers(caller)
        for _ in range(3):
            caller.sendall(whole)
            assert answers.next()[0] == 200
        api.run(api.store.revoke_key(key.removeprefix("sk-").split("_")[0]))
        caller.sendall(whole)
        status, found = answers.next()
        assert (status, found["error"]["error_id"]) == (401, "UNAUTHORIZED")


def test_each_has_an_id_of_its_own(api: Api) -> None:
    with connection(api) as caller:
        answers, found = Answers(caller), set()
        for _ in range(4):
            caller.sendall(head(api, "content-length: 2") + b"{}")
            status, said = answers.next()
            assert status == 422
            found.add(said["error"]["request_id"])
    assert len(found) == 4


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/predictions"])
def test_the_bare_and_the_enveloped_object_are_told_apart_on_one_connection(api: Api, path: str) -> None:
    body = body_of("red fox")
    with connection(api) as caller:
        answers = Answers(caller)
        for wanted in (path, path, path, "/v1/predictions", "/v1/predict", path):
            whole = (
                head(api, f"content-length: {len(body)}").replace(b"/v1/predict ", f"{wanted} ".encode())
                + body
            )
            caller.sendall(whole)
            assert ("data" in answers.next()[1]) is (wanted == "/v1/predict")

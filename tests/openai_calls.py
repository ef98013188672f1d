"""Calls of OpenAI's routes that are under way: made aside, with what came of them, and the predictions they made."""

import http.client
import json
import socket
import threading
from typing import Any

import httpx

from foretell.event import Kind
from foretell.prediction import Hold, Outcome, Prediction, Status
from served_api import Api, version
from servers import until

STRINGS = {"type": ["array", "null"], "items": {"type": "string"}}
OBJECTS = {"type": ["array", "null"], "items": {"type": "object"}}
TALK = {
    "type": "object",
    "properties": {
        "messages": {"type": "array", "items": {"type": "object"}},
        "max_tokens": {"type": "integer", "minimum": 1, "maximum": 2048, "default": 256},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2, "default": 0.2},
        "seed": {"type": ["integer", "null"]},
        "stop": STRINGS,
        "tools": OBJECTS,
        "tool_choice": {},
        "response_format": {"type": ["object", "null"]},
    },
    "required": ["messages"],
    "additionalProperties": False,
}
PROMPT = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string"},
        "system_prompt": {"type": "string", "default": ""},
        "image": {"type": "string", "format": "uri"},
    },
    "required": ["prompt"],
    "additionalProperties": False,
}
PICTURE = {
    "type": "object",
    "properties": {"image": {"type": "string", "format": "uri"}},
    "required": ["image"],
    "additionalProperties": False,
}
TEXTS = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "default": ""},
        "texts": STRINGS,
        "tokens": {"type": ["array", "null"], "items": {"type": "array", "items": {"type": "integer"}}},
    },
    "additionalProperties": False,
}
PIECES = {"type": "array", "items": {"type": "string"}, "x-cog-array-display": "concatenate"}
PAGE = {"type": "object", "properties": {"text": {"type": "string"}, "lines": {"type": "array"}}}
VERSIONS = (
    version("talker", "text", TALK, output_schema=PIECES, streaming=True, aliases=("gpt-5",)),
    version("asker", "text", PROMPT),
    version("reader", "text", PICTURE, output_schema=PAGE),
    version(
        "listener", "text", {"type": "object", "properties": {"audio": {"type": "string", "format": "uri"}}}
    ),
    version("vectors", "embedding", TEXTS, output_schema={"type": "array"}),
    version("one-vector", "embedding", {"type": "object", "properties": {"text": {"type": "string"}}}),
)
HELLO = [{"role": "user", "content": "Hello"}]


class Call:
    """One POST, made on a thread of its own. `lines` grow as they come; `status` is None before the head."""

    def __init__(self, api: Api, path: str, body: dict[str, Any], **headers: str) -> None:
        self._api = api
        self._before = {each.id for each in self._all()}
        self._client = api.anyone(**(headers or {"authorization": f"Bearer {api.key}"}))
        self._body = body
        self._path = path
        self.status: int | None = None
        self.headers = httpx.Headers()
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._client.stream("POST", self._path, json=self._body) as answer:
                self.headers = answer.headers
                self.status = answer.status_code
                for line in answer.iter_lines():
                    self.lines.append(line)
        except (httpx.HTTPError, OSError, RuntimeError):
            self.lines.append("(cut)")

    def _all(self) -> list[Prediction]:
        found, _ = self._api.run(
            self._api.store.list_predictions(account_id=self._api.account.id, limit=1_000)
        )
        return found[::-1]

    def predictions(self, count: int = 1) -> list[Prediction]:
        """What the call has created, once there are as many, in order."""

        def found() -> list[Prediction]:
            new = [each for each in self._all() if each.id not in self._before]
            return new if len(new) >= count else []

        return until(found, about=f"{count} predictions", seconds=15)

    def begun(self) -> Hold:
        """Its only prediction, held and entered."""
        [prediction] = self.predictions()
        return self._api.begin(prediction.id)

    def said(self, text: str) -> None:
        """Waits until a line has this in it."""
        until(lambda: any(text in line for line in self.lines), about=text, seconds=15)

    def answer(self) -> dict[str, Any]:
        """The whole answer, once it is there."""
        self.ended()
        found: dict[str, Any] = json.loads("\n".join(self.lines))
        return found

    def chunks(self) -> list[dict[str, Any]]:
        """The data of a stream that has ended, without its last word."""
        self.ended()
        return [json.loads(each.removeprefix("data: ")) for each in self.lines if each.startswith("data: {")]

    def ended(self) -> "Call":
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self


def chat(api: Api, **body: Any) -> Call:
    return Call(api, "/v1/chat/completions", {"model": "talker", "messages": HELLO, **body})


class Leaving:
    """One POST whose caller hangs up. `said` is the beginning of its answer, where one was waited for."""

    def __init__(self, api: Api, path: str, body: dict[str, Any]) -> None:
        self._connection = http.client.HTTPConnection(api.address.removeprefix("http://"), timeout=15)
        headers = {"authorization": f"Bearer {api.key}"}
        self._connection.request("POST", path, json.dumps(body), headers)

    def said(self) -> str:
        return self._connection.getresponse().readline().decode()

    def leave(self) -> None:
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def newest(api: Api) -> Prediction:
    """The last prediction made, once there is one that has not ended."""

    def found() -> Prediction | None:
        [one], _ = api.run(api.store.list_predictions(account_id=api.account.id, limit=1))
        return None if one.status.is_terminal else one

    return until(found, about="a prediction", seconds=15)


def say(api: Api, hold: Hold, *texts: str) -> None:
    """Says pieces of text, from the first event on."""
    for sequence, text in enumerate(texts, 1):
        api.say(hold, sequence, Kind.OUTPUT, value=text)


def succeed(
    api: Api, hold: Hold, result: Any, metadata: dict[str, Any] | None = None, **metrics: float
) -> None:
    """Ends it well, with what the node knows besides."""
    outcome = Outcome(status=Status.SUCCEEDED, result=result, metrics=metrics, metadata=metadata or {})
    assert api.run(api.store.finish(hold, outcome)) is not None


def refusal(answer: httpx.Response) -> tuple[int, str, str, str | None]:
    """Status, type, code and param of a refusal, which must be in OpenAI's envelope."""
    body = answer.json()
    assert body.keys() == {"error"}, answer.text
    error = body["error"]
    assert error["status"] == answer.status_code
    assert error["request_id"] == answer.headers["x-request-id"]
    assert error["message"]
    assert error["error_id"].isupper()
    assert isinstance(error["details"]["category"], str)
    return answer.status_code, error["type"], error["code"], error["param"]

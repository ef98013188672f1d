"""Callers of responses, and a hand that answers them as a model would."""

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from foretell.event import Kind
from foretell.prediction import Hold, Outcome, Prediction, Status
from served_api import Api, version
from servers import until

CONCATENATED = {"type": "array", "items": {"type": "string"}, "x-cog-array-display": "concatenate"}
TALK_INPUT = {
    "type": "object",
    "required": ["messages"],
    "properties": {
        "messages": {"type": "array", "items": {"type": "object"}},
        "max_tokens": {"type": "integer", "minimum": 1, "maximum": 2048, "default": 256},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2, "default": 0.5},
        "tools": {"type": "array", "items": {"type": "object"}},
        "tool_choice": {},
        "response_format": {"type": "object"},
    },
}
PLAIN_INPUT = {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}}
TALKERS = (
    version("talker", "text", TALK_INPUT, streaming=True, output_schema=CONCATENATED),
    version("seer", "text", TALK_INPUT, capabilities=("vision",), output_schema=CONCATENATED),
    version("plain", "text", PLAIN_INPUT),
)
_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


class Events:
    """The events of a stream, read aside and checked against the official types."""

    def __init__(self, answer: httpx.Response) -> None:
        self.said: list[dict[str, Any]] = []
        self._answer = answer
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        name = ""
        for line in self._answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                _EVENT.validate_python(data)
                assert data["type"] == name
                self.said.append(data)

    def until(self, kind: str) -> dict[str, Any]:
        """The first event of this type."""

        def found() -> dict[str, Any] | None:
            return next((each for each in tuple(self.said) if each["type"] == kind), None)

        return until(found, about=kind, seconds=15)

    def all(self) -> list[dict[str, Any]]:
        """Everything, once the stream has ended."""
        self._thread.join(15)
        assert not self._thread.is_alive()
        return self.said


class Talks:
    """An API whose models talk by hand."""

    def __init__(self, api: Api) -> None:
        self.api = api
        for each in TALKERS:
            api.run(api.store.register(each))

    def post(self, body: Mapping[str, Any], path: str = "", key: str | None = None) -> httpx.Response:
        with self.api.client(key) as client:
            return client.post(f"/v1/responses{path}", json=body)

    def get(self, response_id: str, path: str = "", key: str | None = None) -> httpx.Response:
        with self.api.client(key) as client:
            return client.get(f"/v1/responses/{response_id}{path}")

    def delete(self, response_id: str) -> httpx.Response:
        with self.api.client() as client:
            return client.delete(f"/v1/responses/{response_id}")

    @contextmanager
    def asked(self, **body: Any) -> Iterator[tuple[Future[httpx.Response], Hold]]:
        """A caller who waits, and the hold of the run that answers them."""
        before = self._starting()
        with ThreadPoolExecutor(1) as aside:
            waiting = aside.submit(self.post, _body(body))
            yield waiting, self.api.begin(self._asked_since(before, waiting))

    @contextmanager
    def streamed(self, **body: Any) -> Iterator[tuple[Events, Hold]]:
        """A caller who reads a stream, and the hold of the run that is told."""
        with (
            self.api.client() as client,
            client.stream("POST", "/v1/responses", json=_body(body) | {"stream": True}) as answer,
        ):
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"] == "text/event-stream"
            events = Events(answer)
            yield events, self.api.begin(prediction_of(events.until("response.created")["response"]))

    def read_first(self, **body: Any) -> dict[str, Any]:
        """The first event of a stream whose reader leaves after it."""
        with (
            self.api.client() as client,
            client.stream("POST", "/v1/responses", json=_body(body) | {"stream": True}) as answer,
        ):
            data = next(line for line in answer.iter_lines() if line.startswith("data: "))
            first: dict[str, Any] = json.loads(data.removeprefix("data: "))
            return first

    def read(self, response_id: str, starting_after: int | None = None) -> list[dict[str, Any]]:
        """The events of a stored response that has ended."""
        place = "" if starting_after is None else f"&starting_after={starting_after}"
        path = f"/v1/responses/{response_id}?stream=true{place}"
        with self.api.client() as client, client.stream("GET", path) as answer:
            assert answer.status_code == 200, answer.read()
            return Events(answer).all()

    def answered(self, said: str, message: Mapping[str, Any] | None = None, /, **body: Any) -> dict[str, Any]:
        """A response that the model answers with this text, checked against the official type."""
        with self.asked(**body) as (waiting, hold):
            self.finish(hold, said, message=message)
            return checked(waiting.result())

    def finish(self, hold: Hold, text: str, **metadata: Any) -> Prediction | None:
        """Ends a run well; `message` is what was said beside the text."""
        outcome = Outcome(
            status=Status.SUCCEEDED,
            result=text,
            metrics={"tokens_in": 7, "tokens_out": 3},
            metadata={name: value for name, value in metadata.items() if value},
        )
        return self.api.run(self.api.store.finish(hold, outcome))

    def say(self, hold: Hold, *said: str | Mapping[str, Any]) -> None:
        """Says texts and deltas, as they come from a model."""
        for sequence, each in enumerate(said, start=1):
            if isinstance(each, str):
                self.api.say(hold, sequence, Kind.OUTPUT, value=each)
            else:
                self.api.say(hold, sequence, Kind.DELTA, delta=each)

    def _asked_since(self, before: set[str], waiting: Future[httpx.Response]) -> str:
        def found() -> str | None:
            assert not waiting.done(), waiting.result().text
            return next(iter(self._starting() - before), None)

        return until(found, about="a waiting prediction")

    def _starting(self) -> set[str]:
        listed = self.api.store.list_predictions(account_id=None, status=Status.STARTING, limit=50)
        return {each.id for each in self.api.run(listed)[0]}


def checked(answer: httpx.Response) -> dict[str, Any]:
    """The body of a response, if it is one in every field."""
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    Response.model_validate(body)
    return body


def prediction_of(response: Mapping[str, Any]) -> str:
    """The id of the prediction that a response is."""
    found = response["id"].removeprefix("resp_")
    return "-".join((found[:8], found[8:12], found[12:16], found[16:20], found[20:]))


def text_of(response: Mapping[str, Any]) -> str:
    """The words of an answer."""
    parts = [part for item in response["output"] for part in item.get("content", ())]
    return "".join(part.get("text", "") for part in parts)


def _body(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": "talker", "input": "Hello?", **given}

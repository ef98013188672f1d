"""Server-sent events: GET /v1/predictions/{id}/stream, ?stream=true, and a create that streams."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

import strict
from foretell.event import Kind
from foretell.prediction import Phase, Steps
from served_api import Api
from servers import until

EVENTS = {"accept": "text/event-stream"}


@dataclass(frozen=True)
class Said:
    """One event as a reader gets it."""

    name: str
    data: Any
    id: str | None


class Reader:
    """Reads a stream aside, event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self.said: list[Said] = []
        self.comments = 0
        self._answer = answer
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        for line in self._answer.iter_lines():
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                self.said.append(Said(fields["event"], json.loads(fields["data"]), fields.get("id")))
                fields = {}

    def until(self, name: str) -> Said:
        return until(
            lambda: next((each for each in self.said if each.name == name), None), about=name, seconds=15
        )

    def all(self) -> list[Said]:
        """Everything, once the stream has ended."""
        self._thread.join(15)
        assert not self._thread.is_alive()
        return self.said


@contextmanager
def stream(api: Api, path: str, **headers: str) -> Iterator[Reader]:
    with api.client(**headers) as client, client.stream("GET", path) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        yield Reader(answer)


def path_of(prediction_id: str) -> str:
    return f"/v1/predictions/{prediction_id}/stream"


def names(said: list[Said]) -> list[str]:
    return [each.name for each in said]


def text(said: list[Said]) -> str:
    return "".join(each.data["value"] for each in said if each.name == "output")


def told(api: Api, words: list[str]) -> str:
    """The id of a prediction that said these words and succeeded."""
    prediction_id = api.create("deepbrain")["id"]
    hold = api.begin(prediction_id)
    for sequence, word in enumerate(words, start=1):
        api.say(hold, sequence, Kind.OUTPUT, value=word)
    api.succeed(hold, "".join(words))
    return str(prediction_id)


def test_steps_are_told_with_the_progress_and_those_of_the_row_are_told_once(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create("deepbrain")["id"]
    hold = api.begin(prediction_id)
    api.run(api.store.note(hold, phase=Phase.RUNNING, progress=25.0, steps=Steps(1, 4, "page")))
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        assert reader.until("progress").data == {"progress": 25.0, "done": 1, "of": 4, "unit": "page"}
        for sequence, done in enumerate((1, 2, 2, 3), 1):
            api.say(hold, sequence, Kind.PROGRESS, progress=25.0 * done, done=done, of=4, unit="page")
        api.succeed(hold, "")
        said = reader.all()
    told = [(each.data["progress"], each.data.get("done")) for each in said if each.name == "progress"]
    assert told == [(25.0, 1), (50.0, 2), (75.0, 3), (100.0, None)]


def test_a_reader_hears_everything_in_order_while_it_happens(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create("deepbrain")["id"]
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        assert reader.until("status").data["status"] == "starting"
        hold = api.take(prediction_id)
        api.run(api.store.note(hold, phase=Phase.LOADING))
        until(lambda: any(each.data.get("phase") == "loading" for each in reader.said), about="loading")
        assert api.run(api.store.begin(hold))
        api.say(hold, 1, Kind.LOG, source="stdout", text="seed: 7\n")
        api.say(hold, 2, Kind.OUTPUT, value="Once ")
        assert reader.until("output").data == {"value": "Once "}
        api.say(hold, 3, Kind.PROGRESS, progress=50.0)
        api.say(hold, 4, Kind.OUTPUT, value="upon")
        api.succeed(hold, "Once upon")
        said = reader.all()
    statuses = [each.data["status"] for each in said if each.name == "status"]
    assert list(dict.fromkeys(statuses)) == ["starting", "processing", "succeeded"]
    assert text(said) == "Once upon"
    assert [each.id for each in said if each.name in {"log", "output"}] == ["1:1", "1:2", "1:4"]
    assert [each.data["progress"] for each in said if each.name == "progress"] == [50.0, 100.0]
    assert said[-1].name == "done"
    assert said[-1].id == "1:end"
    strict.check(strict.PREDICTION, said[-1].data)
    assert said[-1].data["output"] == "Once upon"


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_who_does_not_ask_for_events_reads_the_prediction(api: Api, accept: str) -> None:
    prediction_id = api.create("deepbrain")["id"]
    with api.client(accept=accept) as client:
        body = client.get(path_of(prediction_id)).json()
    strict.check(strict.PREDICTION, body)
    assert body["urls"]["stream"].endswith(path_of(prediction_id))


def test_the_query_asks_for_events_whatever_is_accepted(api: Api) -> None:
    prediction_id = told(api, ["a", "b"])
    for path in (f"/v1/predictions/{prediction_id}?stream=true", f"{path_of(prediction_id)}?stream=true"):
        with stream(api, path) as reader:
            assert names(reader.all())[-1] == "done"


def test_after_the_end_the_whole_is_told(either_api: Api) -> None:
    prediction_id = told(either_api, ["Once ", "upon ", "a time"])
    with stream(either_api, path_of(prediction_id), **EVENTS) as reader:
        said = reader.all()
    assert text(said) == "Once upon a time"
    assert names(said) == ["status", "status", "output", "output", "output", "progress", "status", "done"]


def test_a_reader_who_comes_back_hears_the_rest(api: Api) -> None:
    prediction_id = told(api, ["a", "b", "c", "d"])
    with stream(api, path_of(prediction_id), **EVENTS, **{"last-event-id": "1:2"}) as reader:
        said = reader.all()
    assert text(said) == "cd"
    with stream(api, path_of(prediction_id), **EVENTS, **{"last-event-id": "1:end"}) as reader:
        assert names(reader.all()) == ["done"]


def test_a_reader_of_a_lost_attempt_is_told_to_begin_again(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create("deepbrain")["id"]
    first = api.begin(prediction_id)
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        api.say(first, 1, Kind.OUTPUT, value="half a sen")
        reader.until("output")
        api.run(api.store.release(first, lost=True))
        second = api.begin(prediction_id)
        api.say(second, 1, Kind.OUTPUT, value="a whole sentence")
        api.succeed(second, "a whole sentence")
        said = reader.all()
    restarted = names(said).index("restarted")
    assert said[restarted].data == {"attempt": 2}
    assert text(said[:restarted]) == "half a sen"
    assert text(said[restarted:]) == "a whole sentence"
    assert said[-1].id == "2:end"
    with stream(api, path_of(prediction_id), **EVENTS, **{"last-event-id": "1:1"}) as later:
        again = later.all()
    assert "restarted" in names(again)
    assert text(again) == "a whole sentence"


def test_a_model_that_does_not_stream_gives_its_output_at_the_end(api: Api) -> None:
    prediction_id = api.create()["id"]
    hold = api.begin(prediction_id)
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        file = api.succeed_with_file(hold, b"picture")
        said = reader.all()
    assert [each.data for each in said if each.name == "output"] == [{"value": [f"{api.address}{file.path}"]}]


def test_a_failure_and_a_cancel_end_the_stream(api: Api) -> None:
    failed, canceled = api.create("deepbrain")["id"], api.create("deepbrain")["id"]
    api.fail(api.begin(failed), "raised", "The prompt is empty.")
    with stream(api, path_of(failed), **EVENTS) as reader:
        said = reader.all()
    error = next(each for each in said if each.name == "error")
    assert error.data == {"code": "raised", "message": "The prompt is empty."}
    assert names(said)[-2:] == ["status", "done"]
    with stream(api, path_of(canceled), **EVENTS) as reader:
        api.run(api.store.cancel(canceled, account_id=None))
        assert reader.all()[-1].data["status"] == "canceled"


def test_a_deleted_prediction_ends_its_streams(api: Api) -> None:
    prediction_id = api.create("deepbrain")["id"]
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        reader.until("status")
        api.run(api.store.delete(prediction_id, account_id=None))
        assert names(reader.all())[-1] == "done"


def test_many_words_in_a_burst_all_arrive_once_and_in_order(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create("deepbrain")["id"]
    hold = api.begin(prediction_id)
    words = [f"{number} " for number in range(5_000)]
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        reader.until("status")
        for sequence, word in enumerate(words, start=1):
            api.say(hold, sequence, Kind.OUTPUT, value=word)
        api.succeed(hold, "".join(words))
        assert text(reader.all()) == "".join(words)


def test_a_slow_reader_misses_nothing_though_more_was_said_than_is_kept(api: Api) -> None:
    prediction_id = api.create("deepbrain")["id"]
    hold = api.begin(prediction_id)
    words = [f"{number}:".ljust(2_000, "x") for number in range(4_000)]
    with api.client(**EVENTS) as client, client.stream("GET", path_of(prediction_id)) as answer:
        for sequence, word in enumerate(words, start=1):
            api.say(hold, sequence, Kind.OUTPUT, value=word)
        api.succeed(hold, "".join(words))
        assert text(Reader(answer).all()) == "".join(words)


def test_a_create_may_stream_in_its_own_answer(either_api: Api) -> None:
    api = either_api
    body = {"model": "deepbrain", "input": {"prompt": "hi"}, "stream": True}
    with api.client(**EVENTS) as client, client.stream("POST", "/v1/predictions", json=body) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        reader = Reader(answer)
        prediction_id = reader.until("status").data["id"]
        hold = api.begin(prediction_id)
        api.say(hold, 1, Kind.OUTPUT, value="hello")
        api.succeed(hold, "hello")
        said = reader.all()
    assert text(said) == "hello"
    assert said[-1].data["stream"] is True


def test_a_stream_of_a_public_prediction_needs_no_key_and_tells_no_logs(api: Api) -> None:
    prediction_id = api.create("deepbrain", privacy="public")["id"]
    hold = api.begin(prediction_id)
    api.say(hold, 1, Kind.LOG, source="stdout", text="secret\n")
    api.say(hold, 2, Kind.OUTPUT, value="open")
    api.succeed(hold, "open")
    with api.anyone(**EVENTS) as client:
        body = client.get(path_of(prediction_id)).text
    assert "secret" not in body
    assert "event: done" in body


def test_a_quiet_stream_is_kept_open_by_heartbeats(api_with: Callable[..., Api]) -> None:
    api = api_with(heartbeat_seconds=0.2)
    prediction_id = api.create("deepbrain")["id"]
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        until(lambda: reader.comments >= 2, about="heartbeats")
        api.run(api.store.cancel(prediction_id, account_id=None))
        reader.all()


def test_streams_count_as_waiting_callers_and_free_their_seats(api_with: Callable[..., Api]) -> None:
    api = api_with(waiting_callers_max=1)
    first = api.create("deepbrain")["id"]
    with api.client(**EVENTS) as client, client.stream("GET", path_of(first)) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: status"
        strict.check_refusal(client.get(path_of(first)), 503, "OVERLOADED")
    until(lambda: api.app.seats.taken == 0, about="a free seat")


def test_a_stopping_server_ends_its_streams(api_with: Callable[..., Api]) -> None:
    api = api_with()
    with stream(api, path_of(api.create("deepbrain")["id"]), **EVENTS) as reader:
        reader.until("status")
        api.stop_waiting()
        assert "done" not in names(reader.all())

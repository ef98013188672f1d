"""Streams of predictions, from a real server, as `EventSource` and curl read them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import strict
from contract import callers
from contract.callers import EVENTS
from servers import KEY, Foretell, running


@dataclass(frozen=True)
class Told:
    """One event."""

    name: str
    data: Any
    id: str | None


@pytest.fixture
def curl(server: Foretell) -> Iterator[httpx.Client]:
    with callers.curl(server) as client:
        yield client


def told(text: str) -> list[Told]:
    """The events of a stream, as the standard has it: blocks between empty lines; comments say nothing."""
    return [event(block) for block in text.split("\n\n") if block and not block.startswith(":")]


def event(block: str) -> Told:
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    return Told(fields["event"], json.loads(fields["data"]), fields.get("id"))


def made(caller: httpx.Client, seconds: float, **more: Any) -> str:
    body = {"model": "slow", "input": {"seconds": seconds}} | more
    return str(caller.post("/predict", json=body).json()["id"])


def heard(caller: httpx.Client, prediction_id: str, *, after: str = "") -> list[Told]:
    headers = EVENTS | ({"last-event-id": after} if after else {})
    return told(caller.get(f"/predictions/{prediction_id}/stream", headers=headers).text)


def output(events: list[Told]) -> str:
    return "".join(each.data["value"] for each in events if each.name == "output")


def test_a_stream_begins_with_a_status_and_ends_with_done(curl: httpx.Client) -> None:
    events = heard(curl, made(curl, 0.4))
    names = [each.name for each in events]
    assert names[0] == "status"
    assert {"output", "progress"} <= set(names)
    assert names.index("done") == len(names) - 1
    done = events[-1].data
    strict.check(strict.PREDICTION, done)
    assert output(events) == done["output"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html,*/*;q=0.8"])
def test_any_other_accept_reads_json(curl: httpx.Client, accept: str) -> None:
    answer = curl.get(f"/predictions/{made(curl, 0)}/stream", headers={"accept": accept})
    strict.success(answer, strict.PREDICTION)


@pytest.mark.parametrize("path", ["/predictions/{}?stream=true", "/predictions/{}/stream?stream=true"])
def test_the_query_asks_for_events_whatever_is_accepted(curl: httpx.Client, path: str) -> None:
    answer = curl.get(path.format(made(curl, 0.1)))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert told(answer.text)[-1].name == "done"


def test_a_create_may_stream_in_its_own_answer(curl: httpx.Client) -> None:
    body = {"model": "slow", "input": {"seconds": 0.2}, "stream": True}
    events = told(curl.post("/predict", json=body, headers=EVENTS).text)
    assert (events[0].name, events[-1].name) == ("status", "done")
    assert output(events) == "0.1 s\n0.2 s\ndone\n"


def test_steps_are_told_one_after_the_other_and_shown_by_the_object_meanwhile(curl: httpx.Client) -> None:
    prediction_id, shown = made(curl, 0.4), []
    with curl.stream("GET", f"/predictions/{prediction_id}/stream", headers=EVENTS) as answer:
        whole = ""
        for chunk in answer.iter_text():
            whole += chunk
            shown.append(curl.get(f"/predictions/{prediction_id}").json()["metadata"].get("progress"))
    steps = [each.data for each in told(whole) if each.name == "progress"]
    assert steps == [
        {"progress": 25.0 * done, "done": done, "of": 4, "unit": "step"} for done in (1, 2, 3, 4)
    ]
    assert shown[-1] == {"done": 4, "of": 4, "unit": "step"}
    assert any(each["done"] < 4 for each in shown if each)


def test_who_comes_back_in_the_middle_hears_the_rest_and_nothing_twice(curl: httpx.Client) -> None:
    prediction_id, first = made(curl, 1), ""
    with curl.stream("GET", f"/predictions/{prediction_id}/stream", headers=EVENTS) as answer:
        for chunk in answer.iter_text():
            first += chunk
            if first.count("event: output") >= 3 and first.endswith("\n\n"):
                break
    before = told(first)
    place = [each.id for each in before if each.id][-1]
    after = heard(curl, prediction_id, after=str(place))
    assert output(before) + output(after) == after[-1].data["output"]
    seen = [each.id for each in [*before, *after] if each.id]
    assert len(seen) == len(set(seen))


def test_who_comes_back_after_the_end_hears_what_was_missed_from_any_place(curl: httpx.Client) -> None:
    prediction_id = made(curl, 0.3)
    whole = heard(curl, prediction_id)
    again = heard(curl, prediction_id)
    assert (output(again), again[-1].id) == (whole[-1].data["output"], whole[-1].id)
    places = [number for number, each in enumerate(whole) if each.id and each.name != "done"]
    for number in places:
        rest = heard(curl, prediction_id, after=str(whole[number].id))
        assert output(rest) == output(whole[number + 1 :])
        assert rest[-1].name == "done"


def test_a_stream_is_resumed_after_the_server_was_killed_in_the_middle(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY)
    with running(tmp_path, *options) as first, callers.curl(first) as caller:
        body = {"model": "slow", "input": {"seconds": 1.5}, "stream": True}
        with caller.stream("POST", "/predictions", json=body, headers=EVENTS) as answer:
            lines = answer.iter_lines()
            shown = json.loads(next(each for each in lines if each.startswith("data: "))[6:])
            place = next(each.removeprefix("id: ") for each in lines if each.startswith("id: 1:4"))
            first.kill()
    with running(tmp_path, *options) as second, callers.curl(second) as caller:
        events = heard(caller, shown["id"], after=place)
    assert "restarted" in [each.name for each in events]
    assert output(events) == events[-1].data["output"]
    assert output(events).startswith("0.1 s\n")
    assert events[-1].id == "2:end"


def test_a_stream_of_what_ended_before_a_restart_is_told_after_it(tmp_path: Path) -> None:
    options = ("--sandbox", "--port", "0", "--key", KEY)
    with running(tmp_path, *options) as first, callers.curl(first) as caller:
        prediction_id = made(caller, 0.3)
        whole = heard(caller, prediction_id)
        first.kill()
    place = next(each.id for each in whole if each.name == "output")
    with running(tmp_path, *options) as second, callers.curl(second) as caller:
        rest = heard(caller, prediction_id, after=str(place))
    assert whole[-1].data["output"].endswith(output(rest))
    assert output(rest)
    assert rest[-1].name == "done"


def test_words_of_many_bytes_arrive_whole_however_they_are_cut(curl: httpx.Client) -> None:
    said = "Ünïcödé 😀 語 " * 50
    body = {"model": "deepbrain", "input": {"prompt": said}, "stream": True}
    with curl.stream("POST", "/predict", json=body, headers=EVENTS) as answer:
        text = "".join(callers.text_of(bytes([each]) for chunk in answer.iter_raw() for each in chunk))
    assert output(told(text)).strip() == said.strip()


def test_a_failure_is_told_before_done(curl: httpx.Client) -> None:
    shown = curl.post("/predict", json={"model": "fail", "input": {"message": "No."}}).json()
    events = heard(curl, shown["id"])
    error = next(each for each in events if each.name == "error")
    assert "No." in error.data["message"]
    assert (events[-1].name, events[-1].data["status"]) == ("done", "failed")


def test_refusals_come_before_a_stream_begins(curl: httpx.Client) -> None:
    strict.check_refusal(curl.get("/predictions/unknown/stream", headers=EVENTS), 404, "PREDICTION_NOT_FOUND")
    body = {"model": "nope", "input": {}, "stream": True}
    strict.check_refusal(curl.post("/predict", json=body, headers=EVENTS), 404, "MODEL_NOT_FOUND")

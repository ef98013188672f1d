"""Cog directories behave here as their authors know it, where they can see it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import KEY, Foretell, running, until

SHELF = Path(__file__).parent / "shelf"
LIVE = {"starting", "processing"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(SHELF))
    with running(tmp_path_factory.mktemp("data"), *options) as started:
        yield started


def made(server: Foretell, model: str, **given: Any) -> dict[str, Any]:
    with server.client() as client:
        answered = client.post("/v1/predict", json={"model": model, "input": given})
        found: dict[str, Any] = answered.json()
        assert answered.is_success, found
        return found


def shown(server: Foretell, prediction: dict[str, Any]) -> dict[str, Any]:
    with server.client() as client:
        found: dict[str, Any] = client.get(f"/v1/predictions/{prediction['id']}").json()
        return found


def ended(server: Foretell, prediction: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = shown(server, prediction)
        return None if found["status"] in LIVE else found

    return until(look, about="the end of the prediction")


def ran(server: Foretell, model: str, **given: Any) -> dict[str, Any]:
    return ended(server, made(server, model, **given))


def events(server: Foretell, prediction: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What the stream of an ended prediction tells, by kind."""
    with server.client() as client:
        accepts = {"accept": "text/event-stream"}
        said = client.get(f"/v1/predictions/{prediction['id']}/stream", headers=accepts).text
    lines = [
        dict(line.split(": ", 1) for line in each.split("\n") if ": " in line) for each in said.split("\n\n")
    ]
    return [(each["event"], json.loads(each["data"])) for each in lines if "event" in each]


def log(server: Foretell, prediction: dict[str, Any]) -> str:
    return "".join(str(data["text"]) for kind, data in events(server, prediction) if kind == "log")


def cancel_once_it_runs(server: Foretell, prediction: dict[str, Any]) -> dict[str, Any]:
    until(lambda: shown(server, prediction)["status"] == "processing", about="the run")
    with server.client() as client:
        assert client.post(f"/v1/predictions/{prediction['id']}/cancel").is_success
    return ended(server, prediction)


def test_state_that_a_run_leaves_behind_is_there_for_the_next(server: Foretell) -> None:
    assert [ran(server, "leaks_state", word=word)["output"] for word in "abc"] == ["a", "a b", "a b c"]


def test_sys_exit_in_a_run_ends_only_that_run(server: Foretell) -> None:
    failed = ran(server, "exits", code=3)
    assert (failed["status"], failed["error"]) == ("failed", "the predictor called sys.exit(3)")
    after = ran(server, "exits", code=0)
    assert (after["output"], after["metrics"]["load_time"]) == ("still here", 0)


def test_a_text_that_looks_like_an_address_stays_a_text(server: Foretell) -> None:
    address = "https://example.com/a.png"
    found = ran(
        server,
        "takes_addresses",
        text=address,
        texts=[address, "data:text/plain,b"],
        perhaps="data:text/plain;base64,aGk=",
        settings={"address": address},
    )
    assert found["output"] == [
        f"str {address}",
        f"list ['{address}', 'data:text/plain,b']",
        "str data:text/plain;base64,aGk=",
        f"dict {{'address': '{address}'}}",
    ]


def test_a_file_arrives_as_a_path_of_this_machine(server: Foretell) -> None:
    found = ran(server, "takes_addresses", file="data:text/plain,one", files=["data:,two", "data:,three"])
    assert found["output"][4:] == ["one", "two", "three"]


def test_a_helper_that_setup_has_forked_away_serves_every_run(server: Foretell) -> None:
    first, second = (str(ran(server, "forks_twice", word=word)["output"]) for word in ("one", "two"))
    assert first.startswith("one heard by ") and second == first.replace("one", "two")


def test_a_failure_in_the_middle_of_a_stream_keeps_what_was_yielded(server: Foretell) -> None:
    found = ran(server, "breaks_midstream", good=3)
    assert (found["status"], found["error"]) == ("failed", "RuntimeError: the pieces ran out")
    pieces = [data for kind, data in events(server, found) if kind == "output"]
    assert [f"piece {number} " in json.dumps(data) for number, data in enumerate(pieces)] == [True] * 3


@pytest.mark.parametrize(("size", "times"), [(3_000_000, 1), (30, 200_000)])
def test_large_texts_come_in_and_go_out_whole(server: Foretell, size: int, times: int) -> None:
    text = ("0123456789" * (size // 10 + 1))[:size]
    assert ran(server, "repeats", text=text, times=times)["output"] == text * times


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_cancel_is_raised_in_a_run_until_it_ends(server: Foretell, stubborn: bool) -> None:
    found = cancel_once_it_runs(server, made(server, "works_long", stubborn=stubborn))
    assert found["status"] in {"canceled", "cancelled"}
    until(lambda: shown(server, found)["metadata"].get("stopped_by"), about="the stop")
    assert shown(server, found)["metadata"]["stopped_by"] == "cooperative"
    assert log(server, found).startswith("begun\n")


def test_a_cancel_that_comes_twice_does_no_more_than_one(server: Foretell) -> None:
    found = cancel_once_it_runs(server, made(server, "works_long"))
    with server.client() as client:
        client.post(f"/v1/predictions/{found['id']}/cancel")
    assert shown(server, found)["status"] == found["status"]
    again = cancel_once_it_runs(server, made(server, "works_long"))
    assert again["status"] == found["status"]


def test_a_cancel_of_one_asynchronous_run_leaves_its_neighbours_alone(server: Foretell) -> None:
    waiting = made(server, "waits_long", word="wait")
    until(lambda: shown(server, waiting)["status"] == "processing", about="the run")
    assert ran(server, "waits_long", word="beside it")["output"] == "beside it"
    assert cancel_once_it_runs(server, waiting)["status"] in {"canceled", "cancelled"}
    after = ran(server, "waits_long", word="after it")
    assert (after["output"], after["metrics"]["load_time"]) == ("after it", 0)


def test_metrics_are_counted_noted_and_taken_back(server: Foretell) -> None:
    found = ran(server, "counts")
    assert found["output"] == "{}"
    figures = {name: found["metrics"].get(name) for name in ("replaced", "counted", "timing.load")}
    assert figures == {"replaced": 2, "counted": 5, "timing.load": 0.5}
    assert not {"taken_back", "in_setup", "words"} & found["metrics"].keys()
    assert found["metadata"]["recorded"] == {
        "words": "some words",
        "listed": [0.5, "b"],
        "flag": True,
        "parts": {"a": [1]},
    }


def test_a_model_that_says_it_is_broken_is_loaded_anew(server: Foretell) -> None:
    assert ran(server, "knows_its_health", how="go")["output"] == "well"
    assert ran(server, "knows_its_health", how="fail")["error"] == "only this time"
    kept = ran(server, "knows_its_health", how="go")
    assert (kept["output"], kept["metrics"]["load_time"]) == ("well", 0)
    broken = ran(server, "knows_its_health", how="break")
    assert (broken["status"], broken["error"]) == ("failed", "RuntimeError: the device is lost")
    after = ran(server, "knows_its_health", how="go")
    assert after["output"] == "well"


def test_files_beside_the_model_are_found_in_the_working_directory_and_stay_as_they_are(
    server: Foretell,
) -> None:
    before = {path: path.read_bytes() for path in (SHELF / "reads_beside").rglob("*") if path.is_file()}
    for _ in range(2):
        found = ran(server, "reads_beside")
        with server.client() as client:
            assert [client.get(url).text for url in found["output"]] == ["ONE!", "one two\n"]
    assert {
        path: path.read_bytes() for path in (SHELF / "reads_beside").rglob("*") if path.is_file()
    } == before


def test_a_model_whose_imports_need_a_gpu_still_lists_its_schema(server: Foretell) -> None:
    with server.client() as client:
        answered = client.get("/v1/models/needs_a_gpu", params={"fields": "input_schema,output_schema"})
    found = answered.json()
    properties = found["input_schema"]["properties"]
    assert found["input_schema"]["required"] == ["prompt"]
    assert properties["scheduler"]["enum"] == ["fast", "good"]
    assert (properties["heat"]["minimum"], properties["heat"]["maximum"]) == (0, 2)
    assert found["output_schema"]["x-cog-array-display"] == "concatenate"


def test_a_model_whose_imports_need_a_gpu_refuses_what_is_wrong_without_loading(server: Foretell) -> None:
    with server.client() as client:
        body = {"model": "needs_a_gpu", "input": {"prompt": "x", "scheduler": "slow", "heat": 3}}
        refused = client.post("/v1/predict", json=body)
    assert refused.status_code == 422
    assert "scheduler" in refused.text and "heat: 3 is more than the maximum of 2" in refused.text

"""Whatever a predictor does, a cancel over HTTP ends it and all that it has started, within the stated bound."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from node.places import HEAD, MANIFEST
from servers import KEY, Foretell, running, until

COOPERATIVE_SECONDS, TERMINATE_SECONDS = 0.5, 0.5
SLACK_SECONDS = 2.0
"""How long processes may take to be gone after the last signal, on a machine that does other things as well."""

PREDICTOR = '''
import ctypes, json

def deaf():
    """By way of C: Python lets only the main thread set what a signal does."""
    ctypes.CDLL(None).signal(signal.SIGTERM, ctypes.c_void_p(1))

def started(count=1, **how):
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    found = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, **how) for _ in range(count)]
    for each in found:
        each.stdout.readline()
    return [each.pid for each in found]

def daemon(environment):
    """A grandchild that nobody waits for: in its own session, its parent gone."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write, str(os.getpid()).encode())
            os.execve("/bin/sleep", ["sleep", "600"], environment)
        os._exit(0)
    os.wait()
    return [int(os.read(read, 20))]

class Predictor(BasePredictor):
    def predict(self, flag: str) -> str:
        pids = [os.getpid()]
        {begin}
        with open(flag + ".part", "w") as file:
            json.dump(pids, file)
        os.rename(flag + ".part", flag)
        {go_on}
        return "finished"
'''
SLEEP = "time.sleep(600)"
POLITE = "while True: time.sleep(0.01)"
CATCHING = """while True:
            try:
                time.sleep(600)
            except BaseException:
                pass"""
PREDICTORS = {
    "yields": ("pass", POLITE, "cooperative"),
    "sleeps-in-c": ("pass", SLEEP, "terminated"),
    "catches-everything": ("pass", CATCHING, "terminated"),
    "ignores-sigterm": ("deaf()", SLEEP, "killed"),
    "spawns": ("pids += started(3)", SLEEP, "terminated"),
    "spawns-and-yields": ("pids += started()", POLITE, "cooperative"),
    "spawns-sessions": ("pids += started(2, start_new_session=True)", SLEEP, "terminated"),
    "spawns-sessions-and-yields": ("pids += started(2, start_new_session=True)", POLITE, "cooperative"),
    "spawns-sessions-and-is-deaf": ("deaf(); pids += started(2, start_new_session=True)", CATCHING, "killed"),
    "spawns-nameless-sessions": ("pids += started(2, start_new_session=True, env={})", SLEEP, "terminated"),
    "leaves-daemons": ("pids += daemon(dict(os.environ))", SLEEP, "terminated"),
    "leaves-nameless-daemons": ("pids += daemon({})", SLEEP, "terminated"),
    "leaves-daemons-and-yields": ("pids += daemon({})", POLITE, "cooperative"),
    "dies-and-leaves-daemons": ("pids += daemon(dict(os.environ))", "os._exit(1)", ""),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    here = tmp_path_factory.mktemp("stops")
    for name, (begin, go_on, _) in PREDICTORS.items():
        folder = here / "models" / name
        folder.mkdir(parents=True)
        source = PREDICTOR.replace("{begin}", begin).replace("{go_on}", go_on)
        (folder / "predict.py").write_text(HEAD + source)
        (folder / "model.toml").write_text(MANIFEST.format(name=name))
    graces = {
        "FORETELL_STOP_COOPERATIVE_SECONDS": str(COOPERATIVE_SECONDS),
        "FORETELL_STOP_TERMINATE_SECONDS": str(TERMINATE_SECONDS),
    }
    options = ("--port", "0", "--key", KEY, "--models", str(here / "models"))
    with running(here / "data", *options, **graces) as started:
        yield started


def begun(client: httpx.Client, model: str, flag: Path, **wish: Any) -> tuple[str, list[psutil.Process]]:
    """A prediction whose predictor is at work, and its processes."""
    body = {"model": model, "input": {"flag": str(flag)}, **wish}
    created = client.post("/v1/predictions", json=body)
    assert created.status_code == 200, created.text
    until(flag.exists, about=f"the run of {model}")
    found = []
    for pid in json.loads(flag.read_text()):
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return created.json()["id"], found


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def group(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(process.pid)
    return None


def stopped(client: httpx.Client, prediction_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/predictions/{prediction_id}").json()
        return found if "stop_seconds" in found["metadata"] else None

    return until(look, about="how it was stopped", seconds=10)


@pytest.mark.parametrize("model", [name for name, each in PREDICTORS.items() if each[2]])
def test_a_cancel_ends_a_predictor_and_all_it_has_started(
    server: Foretell, tmp_path: Path, model: str
) -> None:
    stage = PREDICTORS[model][2]
    with server.client() as client:
        prediction_id, processes = begun(client, model, tmp_path / "flag")
        assert all(lives(each) for each in processes)
        began = time.monotonic()
        canceled = client.post(f"/v1/predictions/{prediction_id}/cancel").json()
        assert canceled["status"] == "canceled"
        assert time.monotonic() - began < SLACK_SECONDS, "the caller does not wait for the stop"
        found = stopped(client, prediction_id)
        leaves = processes if model != "yields" else []
        until(lambda: not any(map(lives, leaves)), about=f"the end of {leaves}", seconds=10)
        took = time.monotonic() - began
        bound = {"cooperative": COOPERATIVE_SECONDS + TERMINATE_SECONDS, "terminated": COOPERATIVE_SECONDS}
        assert took < bound.get(stage, COOPERATIVE_SECONDS + TERMINATE_SECONDS) + SLACK_SECONDS
    assert found["metadata"]["stopped_by"] == stage
    assert found["metadata"]["canceled_by"] == "caller"
    assert found["metadata"]["stop_seconds"] < took
    if leaves:
        assert [
            each for each in psutil.process_iter() if group(each) == processes[0].pid and lives(each)
        ] == []


def test_what_a_process_that_died_had_started_ends_too(server: Foretell, tmp_path: Path) -> None:
    with server.client() as client:
        _, processes = begun(client, "dies-and-leaves-daemons", tmp_path / "flag")
        until(lambda: not any(map(lives, processes)), about=f"the end of {processes}", seconds=10)


def test_a_model_serves_on_after_each_kind_of_stop(server: Foretell, tmp_path: Path) -> None:
    with server.client() as client:
        for number, model in enumerate(["yields", "spawns-and-yields", "ignores-sigterm"] * 2):
            prediction_id, _ = begun(client, model, tmp_path / f"flag-{number}")
            client.post(f"/v1/predictions/{prediction_id}/cancel").raise_for_status()
            found = stopped(client, prediction_id)
            assert found["metadata"]["stopped_by"] == PREDICTORS[model][2]


@pytest.mark.parametrize("model", ["yields", "ignores-sigterm"])
def test_a_run_is_ended_at_its_deadline_without_anybody_asking(
    server: Foretell, tmp_path: Path, model: str
) -> None:
    with server.client() as client:
        client.headers["cancel-after"] = "4s"
        prediction_id, processes = begun(client, model, tmp_path / "flag")
        found = stopped(client, prediction_id)
        assert (found["status"], found["metadata"]["canceled_by"]) == ("canceled", "deadline")
        assert found["metadata"]["stopped_by"] == PREDICTORS[model][2]
        lasted = found["metrics"].get("total_time", 4.0)
        assert lasted >= 4.0
        if model != "yields":
            until(lambda: not any(map(lives, processes)), about="the end", seconds=10)


def test_a_server_that_is_killed_leaves_nothing_to_the_next_start(tmp_path: Path) -> None:
    model = "spawns-sessions-and-is-deaf"
    begin, go_on, _ = PREDICTORS[model]
    folder = tmp_path / "models" / model
    folder.mkdir(parents=True)
    source = PREDICTOR.replace("{begin}", begin).replace("{go_on}", go_on)
    (folder / "predict.py").write_text(HEAD + source)
    (folder / "model.toml").write_text(MANIFEST.format(name=model))
    options = ("--port", "0", "--key", KEY, "--models", str(tmp_path / "models"))
    with running(tmp_path / "data", *options) as first:
        with first.client() as client:
            prediction_id, processes = begun(client, model, tmp_path / "flag")
        first.kill()
    assert any(map(lives, processes)), "the kernel ends the child only"
    with running(tmp_path / "data", *options) as second, second.client() as client:
        until(lambda: not any(map(lives, processes)), about="the end of what was left", seconds=10)
        client.post(f"/v1/predictions/{prediction_id}/cancel").raise_for_status()

"""Models of a second Foretell, run through the first: the same outputs, streams, files, cancels and failures."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from elsewhere.connected import FAR_KEY, Near, far, near
from servers import Foretell, foretell, until

MANIFEST = (
    'name = "{name}"\ntype = "{type}"\ndescription = "Of the tests."\npredictor = "predict.py:Predictor"\n'
)
PRICE = "\n[pricing]\namount = 0.5\nunit = 'prediction'\n"
WEIGHS = """
import hashlib
from cog import BasePredictor, Path

class Predictor(BasePredictor):
    def predict(self, files: list[Path]) -> dict:
        self.record_metric("things", len(files))
        return {"weighed": [hashlib.sha256(each.read_bytes()).hexdigest() for each in files]}
"""
MIXES = """
from pathlib import Path as Plain
from cog import BasePredictor, Path

class Predictor(BasePredictor):
    def predict(self, words: str) -> dict:
        Plain("a.txt").write_text(words)
        return {"said": words, "inner": [{"file": Path("a.txt")}], "not a file": "http://example.com/a.txt"}
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    models = tmp_path_factory.mktemp("models")
    for name, source in {"weighs": WEIGHS, "mixes": MIXES}.items():
        (models / name).mkdir()
        (models / name / "predict.py").write_text(source)
        (models / name / "model.toml").write_text(MANIFEST.format(name=name, type="text") + PRICE)
    with far(tmp_path_factory.mktemp("far"), "--models", str(models)) as server:
        yield server


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Near]:
    with near(tmp_path_factory.mktemp("near")) as server:
        yield server


@pytest.fixture
def that(there: Foretell) -> Iterator[httpx.Client]:
    with there.client(FAR_KEY) as client:
        yield client


def connected(here: Near, there: Foretell, model: str, name: str, **settings: Any) -> str:
    return here.connect(there.address, name, "--model", model, "--key-variable", "FAR_KEY", **settings)


def all_there(that: httpx.Client, model: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = that.get("/v1/predictions", params={"model": model}).json()["data"]
    return found


def test_text_comes_piece_by_piece_with_its_progress_and_its_log(here: Near, there: Foretell) -> None:
    model = connected(here, there, "slow", "far-slow")
    told = here.events(here.create(model, seconds=0.5))
    pieces = [data["value"] for name, data in told if name == "output"]
    assert pieces == ["0.1 s\n", "0.2 s\n", "0.3 s\n", "0.4 s\n", "0.5 s\n", "done\n"]
    assert len({data["progress"] for name, data in told if name == "progress"}) >= 3
    steps = {(data["done"], data["of"], data["progress"]) for name, data in told if data.get("of")}
    assert (5, 5, 100.0) in steps, told
    assert all(progress == 100 * done / of for done, of, progress in steps), steps
    assert told[-1][1]["output"] == "".join(pieces)


def test_a_file_made_there_is_an_output_here_and_the_same_bytes(
    here: Near, there: Foretell, that: httpx.Client
) -> None:
    model = connected(here, there, "picture", "far-picture")
    ended = here.run(model, prompt="a fox", num_outputs=2)
    assert ended["status"] == "succeeded", ended
    assert len(ended["output"]) == 2
    assert all(each.startswith(f"{here.server.address}/files/") for each in ended["output"])
    original = all_there(that, "picture")[0]["output"]
    assert [httpx.get(each).content for each in ended["output"]] == [
        httpx.get(each).content for each in original
    ]


def test_values_and_files_together_keep_their_places(here: Near, there: Foretell) -> None:
    ended = here.run(connected(here, there, "mixes", "far-mixes"), words="some words")
    result = ended["result"]
    assert (result["said"], result["not a file"]) == ("some words", "http://example.com/a.txt")
    assert httpx.get(result["inner"][0]["file"]).text == "some words"


def test_files_of_the_input_arrive_there_small_and_large(
    here: Near, there: Foretell, that: httpx.Client
) -> None:
    small, large = b"a few words", bytes(range(256)) * 4 * 1024 * 8
    uploaded = here.client.post("/v1/files", files={"file": ("large.bin", large)}).json()["id"]
    model = connected(here, there, "weighs", "far-weighs")
    ended = here.run(model, files=["data:text/plain,a few words", uploaded])
    assert ended["status"] == "succeeded", ended
    assert ended["result"]["weighed"] == [hashlib.sha256(each).hexdigest() for each in (small, large)]
    until(lambda: not that.get("/v1/files").json()["data"], about="the upload's removal there")


def test_its_numbers_and_what_it_cost_there_are_told_and_the_price_here_is_ours(
    here: Near, there: Foretell
) -> None:
    ended = here.run(connected(here, there, "weighs", "far-weighs"), files=["data:,x"])
    assert ended["metrics"]["things"] == 1
    assert ended["metrics"]["remote_credits_used"] == 0.5
    assert ended["metadata"]["billing"]["credits_used"] == 0


def test_a_failure_there_is_a_failure_here_with_its_sentence_and_code(here: Near, there: Foretell) -> None:
    ended = here.run(connected(here, there, "fail", "far-fail"), message="the moon is full")
    assert (ended["status"], ended["error_id"]) == ("failed", "raised")
    place = there.address.removeprefix("http://")
    assert ended["error"] == f"The server at {place} failed to run it: the moon is full (raised)"


def test_an_input_is_refused_here_by_the_schema_there(here: Near, there: Foretell) -> None:
    model = connected(here, there, "slow", "far-slow")
    answer = here.client.post("/v1/predictions", json={"model": model, "input": {"secnds": 1}})
    assert answer.status_code == 422
    assert "did you mean 'seconds'?" in answer.text


def test_a_cancel_here_is_a_cancel_there_and_the_process_lives_on(
    here: Near, there: Foretell, that: httpx.Client
) -> None:
    model = connected(here, there, "slow", "far-slow")
    made = here.create(model, seconds=60)
    neighbour = here.create(model, seconds=2)
    running = lambda: [each for each in all_there(that, "slow") if each["status"] == "processing"]  # noqa: E731
    until(lambda: any(each["input"]["seconds"] == 60 for each in running()), about="its run there")
    assert here.client.post(f"/v1/predictions/{made}/cancel").json()["status"] == "canceled"
    until(lambda: not any(each["input"]["seconds"] == 60 for each in running()), about="the cancel there")
    stopped = [each for each in all_there(that, "slow") if each["input"]["seconds"] == 60]
    assert [each["status"] for each in stopped] == ["canceled"]
    # The two share a process: it was not taken away for the cancel.
    assert here.ended(neighbour)["status"] == "succeeded"
    until(lambda: "stopped_by" in here.get(made)["metadata"], about="how it was stopped")
    assert here.get(made)["metadata"]["stopped_by"] == "cooperative"


def test_chats_go_there_with_their_tokens(here: Near, there: Foretell) -> None:
    model = connected(here, there, "deepbrain", "far-brain")
    body = {"model": model, "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
    answer = here.client.post("/v1/chat/completions", json=body).json()
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["choices"][0]["message"]["content"]
    assert answer["usage"]["prompt_tokens"] > 0 and answer["usage"]["completion_tokens"] > 0


def test_the_language_of_skytells_is_enough(here: Near, there: Foretell) -> None:
    options = ("--kind", "skytells", "--model", "picture", "--key-variable", "FAR_KEY")
    ended = here.run(here.connect(there.address, "hosted-picture", *options), prompt="a fox")
    assert ended["status"] == "succeeded", ended
    assert httpx.get(ended["output"][0]).content.startswith(b"\x89PNG")


def test_a_key_that_is_not_right_names_its_variable_and_shows_nowhere(
    tmp_path: Path, there: Foretell
) -> None:
    with near(tmp_path / "near") as here:
        connected(here, there, "echo", "far-echo")
    with near(tmp_path / "near", FAR_KEY="sk-not-the-right-one") as here:
        ended = here.run("far-echo", prompt="hello")
        assert ended["status"] == "failed"
        assert "refused the key (401)" in ended["error"]
        assert ended["error"].endswith("Look at the variable FAR_KEY.")
        said = here.logged(ended["id"]) + str(ended) + here.server.said()
        assert "sk-not-the-right-one" not in said
    kept = b"".join(path.read_bytes() for path in (tmp_path / "near").rglob("*") if path.is_file())
    assert FAR_KEY.encode() not in kept
    assert b"sk-not-the-right-one" not in kept


def test_connecting_says_what_is_missing(here: Near, there: Foretell) -> None:
    ran = foretell("models", "connect", there.address, data=here.data)
    assert "wants a key" in ran.stderr and "--key-variable" in ran.stderr
    asked = ("models", "connect", there.address, "--key-variable", "FAR_KEY")
    ran = foretell(*asked, data=here.data)
    assert "FAR_KEY is not set here" in ran.stderr
    ran = foretell(*asked, data=here.data, FAR_KEY="sk-wrong")
    assert "refuses the key in FAR_KEY" in ran.stderr
    ran = foretell(*asked, data=here.data, FAR_KEY=FAR_KEY)
    assert "say which with --model NAME" in ran.stderr and "deepbrain" in ran.stderr
    ran = foretell(*asked, "--model", "nothing", data=here.data, FAR_KEY=FAR_KEY)
    assert "nothing" in ran.stderr and ran.returncode == 1
    ran = foretell(*asked, "--model", "deepbrain", data=here.data, FAR_KEY=FAR_KEY)
    assert "There is a model 'deepbrain' here already" in ran.stderr


def test_connecting_loads_it_and_tries_it_before_callers_have_it(here: Near, there: Foretell) -> None:
    asked = ("models", "connect", there.address, "--model", "picture", "--key-variable", "FAR_KEY")
    ran = foretell(*asked, "--name", "tried", data=here.data, FAR_KEY=FAR_KEY)
    assert ran.returncode == 0, ran.stderr
    assert "tried is now" in ran.stderr
    ran = foretell(*asked[:-1], "NOT_SET", "--name", "untried", data=here.data, NOT_SET=FAR_KEY)
    assert ran.returncode == 1
    assert "needs NOT_SET in the server's environment" in ran.stderr
    assert here.client.get("/v1/models/untried").status_code == 404


def test_a_server_that_dies_in_the_middle_fails_the_run_and_says_so(tmp_path: Path, here: Near) -> None:
    with far(tmp_path / "far") as there:
        model = connected(here, there, "slow", "mortal-slow", PATIENCE_SECONDS=1.0)
        made = here.create(model, seconds=60)
        until(lambda: here.get(made)["output"], about="its first words")
        there.kill()
        ended = here.ended(made)
    assert (ended["status"], ended["error_id"]) == ("failed", "raised")
    place = there.address.removeprefix("http://")
    assert ended["error"].startswith(f"The server at {place} cannot be reached")


def test_a_server_that_restarts_in_the_middle_is_followed_again(tmp_path: Path, here: Near) -> None:
    with far(tmp_path / "far") as there:
        port = there.address.rpartition(":")[2]
        model = connected(here, there, "echo", "steady-echo")
        there.stop()
    made = here.create(model, prompt="still there?")
    with_same_port = Foretell(
        tmp_path / "far", "--sandbox", "--key", FAR_KEY, "--port", port, FORETELL_DURABILITY="process"
    )
    try:
        with_same_port.ready()
        assert here.ended(made)["output"] == "still there?"
    finally:
        with_same_port.kill()


@pytest.mark.parametrize("dies", ["the model's process", "the server"])
def test_after_a_death_here_the_same_prediction_there_is_found_again(
    tmp_path: Path, there: Foretell, that: httpx.Client, dies: str
) -> None:
    with near(tmp_path / "near") as here:
        model = connected(here, there, "slow", "far-slow")
        made = here.create(model, seconds=3, prompt=dies)
        until(lambda: here.get(made)["output"], about="its first words")
        if dies == "the server":
            here.server.kill()
        else:
            children(here)[0].kill()
            ended = here.ended(made)
    if dies == "the server":
        with near(tmp_path / "near") as here:
            ended = here.ended(made)
    assert ended["status"] == "succeeded", ended
    assert ended["output"].endswith("2.9 s\n3.0 s\ndone\n")
    assert [each["status"] for each in all_there(that, "slow") if each["input"]["prompt"] == dies] == [
        "succeeded"
    ]


def children(here: Near) -> list[psutil.Process]:
    """The processes of models."""
    return [each for each in here.server.children() if "--fd" in each.cmdline()]

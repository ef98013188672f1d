"""Models in Cog's own server, over HTTP, run as ours: outputs, streams, files, one at a time, and cancels."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cog_itself import EXAMPLES, cog_running
from elsewhere.connected import Near, near
from foretell import catalog
from servers import until

pytestmark = pytest.mark.needs("cog")

YAML = 'build:\n  python_version: "3.11"\nrun: "run.py:Runner"\n'
SLOW = """
import time
from cog import BaseRunner, ConcatenateIterator, Input, streaming

class Runner(BaseRunner):
    @streaming
    def run(self, word: str = Input(default="tick"), times: int = Input(default=3)) -> ConcatenateIterator[str]:
        for number in range(times):
            print("at", number)
            time.sleep(0.05)
            yield f"{word} {number}. "
        if word == "break":
            raise ValueError("the spring broke")
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Near]:
    with near(tmp_path_factory.mktemp("near")) as server:
        yield server


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Cog's server with a model that streams, and runs one at a time."""
    folder = tmp_path_factory.mktemp("cog") / "clockwork"
    folder.mkdir()
    (folder / "cog.yaml").write_text(YAML)
    (folder / "run.py").write_text(SLOW)
    version = catalog.read_folder(folder, created_at=0)
    with cog_running(folder, version, tmp_path_factory.mktemp("running")) as cog:
        yield str(cog.client.base_url)


def is_idle(address: str) -> bool:
    """Whether it takes a run at once."""
    answer = httpx.put(f"{address}/predictions/probe", json={"input": {"times": 0}})
    return answer.status_code == 200


def test_it_is_known_by_its_door_and_streams_with_its_log(here: Near, slow: str) -> None:
    model = here.connect(slow, "clockwork")
    made = here.create(model, word="tock")
    told = here.events(made)
    assert [data["value"] for name, data in told if name == "output"] == ["tock 0. ", "tock 1. ", "tock 2. "]
    assert told[-1][1]["output"] == "tock 0. tock 1. tock 2. "
    assert "at 0\nat 1\nat 2\n" in here.logged(made)


def test_a_failure_there_is_told_in_its_words(here: Near, slow: str) -> None:
    ended = here.run(here.connect(slow, "clockwork"), word="break", times=1)
    assert ended["status"] == "failed"
    assert "failed to run it: " in ended["error"] and ended["error"].endswith("the spring broke")


def test_a_cancel_here_frees_its_only_place_there(here: Near, slow: str) -> None:
    model = here.connect(slow, "clockwork")
    made = here.create(model, times=1_000)
    until(lambda: here.get(made)["output"], about="its first words")
    assert not is_idle(slow)
    here.client.post(f"/v1/predictions/{made}/cancel")
    until(lambda: is_idle(slow), about="its place there", seconds=5)
    until(lambda: here.get(made)["metadata"].get("stopped_by") == "cooperative", about="how it was stopped")


def test_after_a_death_here_it_is_run_anew_and_only_once_at_a_time(here: Near, slow: str) -> None:
    model = here.connect(slow, "clockwork")
    made = here.create(model, word="again", times=40)
    until(lambda: here.get(made)["output"], about="its first words")
    for each in here.server.children():
        if "--fd" in each.cmdline():
            each.kill()
    ended = here.ended(made)
    assert ended["status"] == "succeeded", ended
    assert ended["output"].count("again ") == 40
    assert is_idle(slow)


def test_what_finds_it_busy_waits_for_its_place(here: Near, slow: str) -> None:
    model = here.connect(slow, "clockwork")
    all_made = [here.create(model, word=word, times=20) for word in ("one", "two", "three")]
    ended = [here.ended(each) for each in all_made]
    assert [each["status"] for each in ended] == ["succeeded"] * 3, ended
    assert [each["output"].partition(" ")[0] for each in ended] == ["one", "two", "three"]


def test_files_go_there_and_come_back(here: Near, tmp_path: Path) -> None:
    version = catalog.read_folder(EXAMPLES / "frames", created_at=0)
    with cog_running(EXAMPLES / "frames", version, tmp_path) as cog:
        ended = here.run(here.connect(str(cog.client.base_url), "frames", "--kind", "cog"), count=2)
    assert ended["status"] == "succeeded", ended
    assert [httpx.get(each).content[:2] for each in ended["output"]] == [b"P5", b"P5"]


def test_a_picture_of_ours_is_sent_along(here: Near, tmp_path: Path) -> None:
    picture = here.server.client().post("/v1/files", files={"file": ("a.png", PIXEL)}).json()["id"]
    version = catalog.read_folder(EXAMPLES / "sepia", created_at=0)
    with cog_running(EXAMPLES / "sepia", version, tmp_path) as cog:
        ended = here.run(here.connect(str(cog.client.base_url), "sepia"), image=picture)
    assert ended["status"] == "succeeded", ended
    assert httpx.get(ended["output"][0]).content.startswith(b"\x89PNG")


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
"""A PNG of one red pixel."""

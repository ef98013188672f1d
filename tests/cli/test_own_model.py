"""`foretell run` on a model of one's own: what its author sees."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import FORETELL, KEY, SECONDS, Foretell, clean_environment, foretell, running

MANIFEST = 'name = "Mine"\ntype = "text"\ndescription = "For a test."\npredictor = "predict.py:predict"\n'
DRAWN = """
from cog import BaseModel, Path

class Drawn(BaseModel):
    picture: Path
    words: str

def predict(word: str = "a cat") -> Drawn:
    Path("cat.png").write_bytes(b"\\x89PNG\\r\\n\\x1a\\n")
    return Drawn(picture=Path("cat.png"), words="see https://example.com/files/a/b.png")
"""
VALUES = """
from typing import Any

def predict(count: int = 2) -> Any:
    return {"labels": ["cat", "dog"], "scores": [0.5] * count}
"""
PREDICT = """
from typing import List, Optional
from cog import Path

def predict(word: Optional[str] = None, files: Optional[List[Path]] = None, count: Optional[int] = None,
            is_broken: bool = False) -> str:
    if is_broken:
        print("about to break \\x1b[31m")
        return {}["what is not there"]
    return f"{word!r} {[file.read_text() for file in files or []]} {count!r}"
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    models = tmp_path_factory.mktemp("models")
    predictors = {
        "mine": PREDICT,
        "unready": f"import nothing_like_it\n{PREDICT}",
        "drawn": DRAWN,
        "values": VALUES,
    }
    for name, predict in predictors.items():
        (models / name).mkdir()
        (models / name / "model.toml").write_text(MANIFEST)
        (models / name / "predict.py").write_text(predict)
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(models))
    with running(data, *options) as started:
        yield started


def test_what_looks_like_a_number_is_text_where_text_is_wanted(server: Foretell, data: Path) -> None:
    ran = foretell("run", "mine", "-i", "word=123", "-i", "count=4", data=data)
    assert ran.stdout == "'123' [] 4\n", ran.stderr


def test_a_file_may_stand_for_a_list_of_one(server: Foretell, data: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("from a file")
    ran = foretell("run", "mine", "-i", f"files=@{tmp_path / 'words'}", data=data)
    assert ran.stdout == "None ['from a file'] None\n", ran.stderr
    ran = foretell("run", "mine", "-i", 'files=["data:,one", "data:,two"]', data=data)
    assert ran.stdout == "None ['one', 'two'] None\n", ran.stderr


def test_a_failure_comes_with_the_end_of_its_log(server: Foretell, data: Path) -> None:
    ran = foretell("run", "mine", "-i", "is_broken=true", data=data)
    assert ran.returncode == 1
    assert "about to break \ufffd[31m" in ran.stderr
    assert 'return {}["what is not there"]' in ran.stderr
    made = json.loads(foretell("predictions", "list", "--json", data=data).stdout)[0]
    assert "Traceback" in foretell("predictions", "watch", made["id"], data=data).stderr


def test_the_log_of_a_failed_setup_is_told_once(server: Foretell, data: Path) -> None:
    ran = foretell("run", "unready", data=data)
    assert (ran.returncode, ran.stderr.count("Traceback")) == (1, 1)


def test_what_strangers_say_does_not_command_the_terminal(server: Foretell, data: Path) -> None:
    foretell("run", "fail", "-i", "message=\x1b]0;title\x07 and \x9b2J", data=data)
    made = json.loads(foretell("predictions", "list", "--json", data=data).stdout)[0]
    told = [
        foretell("predictions", "list", data=data).stdout,
        foretell("predictions", "show", made["id"], data=data).stdout,
        foretell("run", "fail", "-i", "message=\x1b]0;title\x07 and \x9b2J", data=data).stderr,
    ]
    assert all("title" in each and not {"\x1b", "\x07", "\x9b"} & set(each) for each in told)


def test_a_file_in_a_value_is_saved_where_it_is_wanted_and_the_value_beside_it(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    ran = foretell("run", "drawn", "-o", str(tmp_path / "x.png"), data=data)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "x.json").read_text())["words"].startswith("see ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json", "x.png"]


def test_a_small_value_is_printed_and_a_large_one_saved(
    server: Foretell, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = foretell("run", "values", data=data)
    assert json.loads(small.stdout) == {"labels": ["cat", "dog"], "scores": [0.5, 0.5]}
    assert list(tmp_path.iterdir()) == []
    foretell("run", "values", "-o", "x.json", data=data)
    assert json.loads((tmp_path / "x.json").read_text()) == json.loads(small.stdout)
    large = foretell("run", "values", "-i", "count=2000", data=data)
    assert len(json.loads((tmp_path / large.stdout.strip()).read_text())["scores"]) == 2000


def test_a_place_that_ends_in_a_slash_is_a_directory(server: Foretell, data: Path, tmp_path: Path) -> None:
    ran = foretell("run", "drawn", "-o", f"{tmp_path / 'new' / 'ones'}/", data=data)
    assert ran.returncode == 0, ran.stderr
    endings = sorted(path.suffix for path in (tmp_path / "new" / "ones").iterdir())
    assert endings == [".json", ".png"]


def test_who_loses_the_server_is_told_how_to_find_the_prediction_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [FORETELL, "run", "slow", "-i", "seconds=600", "--data", str(data)]
    with (
        running(data, "--sandbox", "--port", "0", "--key", KEY) as server,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
        ) as ran,
    ):
        assert ran.stdout is not None
        assert ran.stdout.read(3) == "0.1"
        with server.client() as client:
            listed = client.get("/v1/predictions").json()
        server.kill()
        _, told = ran.communicate(timeout=SECONDS)
    assert f"foretell predictions watch {listed['data'][0]['id']}" in told
    assert "Traceback" not in told

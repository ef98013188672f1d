"""What docs/models/types.md says of each type is so."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import KEY, Foretell, running

PAGE = Path(__file__).parents[2] / "docs" / "models" / "types.md"
CELL = re.compile(r"(?<!\\)\|")
CODE = re.compile(r"`([^`]+)`")
HEAD = """
import enum
from typing import Annotated, Any, AsyncIterator, Iterator, Literal, Optional, TypedDict
from cog import AsyncConcatenateIterator, BaseModel, BaseRunner, ConcatenateIterator, File, Input, Opaque, Path
from cog import Secret

class Box(TypedDict):
    width: int

class Size(enum.Enum):
    small = "s"

class Point(BaseModel):
    x: int
    y: float = 0.5

class Drawn(BaseModel):
    picture: Path
    words: str

def file(name: str) -> Path:
    path = Path(name)
    path.write_text("picture")
    return path

class Runner(BaseRunner):
"""


def rows(heading: str) -> list[tuple[str, ...]]:
    """The code in each cell of the table under a heading, row by row."""
    text = PAGE.read_text().split(f"\n{heading}\n")[1]
    table = re.split(r"\n#", text)[0]
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    cells = ([CODE.search(cell) for cell in CELL.split(line)[1:-1]] for line in lines)
    return [tuple(found[1].replace("\\|", "|") for found in each if found) for each in cells]


INPUTS, REFUSALS, OUTPUTS = rows("## Inputs"), rows("### Input(…)"), rows("## Outputs")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    root = tmp_path_factory.mktemp("models")
    for number, (parameter, _, true) in enumerate(INPUTS):
        _write(root / f"takes-{number}", f"def run(self, {parameter}) -> str:\n        return repr({true})\n")
    for number, (parameter, *_) in enumerate(REFUSALS):
        _write(root / f"refuses-{number}", f"def run(self, {parameter}) -> str:\n        return ''\n")
    for number, (hint, body, *_) in enumerate(OUTPUTS):
        define = "async def" if "Async" in hint else "def"
        _write(root / f"gives-{number}", f"{define} run(self) {hint}:\n        {body}\n")
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(root))
    with running(tmp_path_factory.mktemp("data"), *options) as started:
        assert "left out" not in started.said(), started.said()
        yield started


def _write(folder: Path, run: str) -> None:
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(f"{HEAD}    {run}")


def _predict(server: Foretell, model: str, given: str) -> dict[str, Any]:
    with server.client() as client:
        body = {"model": model, "input": json.loads(given), "await": True}
        found: dict[str, Any] = client.post("/v1/predict", json=body).json()
        return found


def test_the_page_has_rows() -> None:
    assert (len(INPUTS) > 20, len(REFUSALS) > 10, len(OUTPUTS) > 12) == (True, True, True)


@pytest.mark.parametrize("number", range(len(INPUTS)), ids=lambda number: INPUTS[number][0])
def test_an_input_arrives_as_the_page_says(server: Foretell, number: int) -> None:
    found = _predict(server, f"takes-{number}", INPUTS[number][1])
    assert found.get("output") == "True", found


@pytest.mark.parametrize("number", range(len(REFUSALS)), ids=lambda number: REFUSALS[number][0])
def test_an_input_is_refused_in_the_words_of_the_page(server: Foretell, number: int) -> None:
    refused = _predict(server, f"refuses-{number}", REFUSALS[number][1])["error"]
    assert refused["http_status"] == 422
    assert REFUSALS[number][2] in refused["message"]


@pytest.mark.parametrize("number", range(len(OUTPUTS)), ids=lambda number: OUTPUTS[number][0])
def test_an_output_is_what_the_page_shows(server: Foretell, number: int) -> None:
    found = _predict(server, f"gives-{number}", "{}")
    shown = {name: _without_addresses(found[name], server) for name in ("output", "result")}
    assert shown == {"output": json.loads(OUTPUTS[number][2]), "result": json.loads(OUTPUTS[number][3])}


def _without_addresses(value: Any, server: Foretell) -> Any:
    return json.loads(re.sub(rf'"{server.address}/files/[^"]+"', '"…"', json.dumps(value)))

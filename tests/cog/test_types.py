"""Inputs and outputs of every type are under Cog's own server what they are here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cog_itself import cog_running, content
from foretell import catalog
from servers import KEY, Foretell, running

pytestmark = pytest.mark.needs("cog")

HEAD = """
from __future__ import annotations
import enum, tempfile
from dataclasses import dataclass
from typing import Annotated, Any, AsyncIterator, Dict, Iterator, List, Literal, Optional, TypedDict, Union
from cog import AsyncConcatenateIterator, BaseModel, BaseRunner, ConcatenateIterator, File, Input, Opaque, Path
from cog import Secret, current_scope, streaming

class Point(BaseModel):
    x: int
    y: float = 0.5
    note: Optional[str] = None

class Named(Point):
    name: str = "a point"

class Drawn(BaseModel):
    picture: Path
    pictures: List[Path]
    words: str

class Box(TypedDict):
    width: int

@dataclass
class Pair:
    left: str
    right: int

def file(text: str, name: str = "made.txt") -> Path:
    path = Path(tempfile.mkdtemp()) / name
    path.write_text(text)
    return path
"""
OUTPUTS = {
    "text": ("str", "return 'words'"),
    "empty_text": ("str", "return ''"),
    "integer": ("int", "return 12345678901"),
    "number": ("float", "return 2.5"),
    "flag": ("bool", "return True"),
    "object": ("dict", "return {'a': [1, None, {'b': 'c'}]}"),
    "typed_object": ("Dict[str, int]", "return {'a': 1}"),
    "anything": ("Any", "return [1, 'two', {'three': 3.5}]"),
    "texts": ("List[str]", "return ['a', 'b']"),
    "numbers": ("list[float]", "return [1.5, 2.5]"),
    "objects": ("List[dict]", "return [{'a': 1}, {}]"),
    "file": ("Path", "return file('one')"),
    "files": ("List[Path]", "return [file('one'), file('two')]"),
    "model": ("Point", "return Point(x=1)"),
    "model_by_places": ("Point", "return Point(1, 2.5, 'said')"),
    "inherited_model": ("Named", "return Named(x=1, name='n')"),
    "model_with_files": ("Drawn", "return Drawn(picture=file('p'), pictures=[file('q')], words='w')"),
    "typed_dict": ("Box", "return {'width': 3}"),
    "iterator": ("Iterator[str]", "yield 'a'\n        yield 'b'"),
    "iterator_of_files": ("Iterator[Path]", "yield file('one')\n        yield file('two')"),
    "iterator_of_numbers": ("Iterator[int]", "yield 1\n        yield 2"),
    "joined": ("ConcatenateIterator[str]", "yield 'a '\n        yield 'b'"),
    "asynchronous": ("async str", "return 'later'"),
    "asynchronous_iterator": ("async AsyncIterator[str]", "yield 'a'\n        yield 'b'"),
    "asynchronous_joined": ("async AsyncConcatenateIterator[str]", "yield 'a'\n        yield 'b'"),
}
WORDS = "data:text/plain,words"
INPUTS: dict[str, tuple[str, list[Any]]] = {
    "str": ("str", ["words", "", "https://example.com/a", "123", "null"]),
    "int": ("int", [0, -3, 12345678901]),
    "float": ("float", [1, 2.5, 0, 1e30]),
    "bool": ("bool", [True, False]),
    "path": ("Path", [WORDS]),
    "secret": ("Secret", ["hush"]),
    "list_of_str": ("list[str]", [["a", "b"], []]),
    "list_of_float": ("List[float]", [[1, 2.5]]),
    "list_of_path": ("List[Path]", [[WORDS, WORDS], []]),
    "optional": ("Optional[int]", [None, 3]),
    "optional_float": ("float | None", [1, None]),
    "optional_list": ("Optional[List[str]]", [None, ["a"]]),
    "optional_path": ("Optional[Path]", [None, WORDS]),
    "dict": ("dict", [{"a": {"b": [1, 2.5, None]}}, {}]),
    "list_of_dict": ("List[dict]", [[{"a": 1}, {}]]),
    "opaque": ("Annotated[dict, Opaque]", [{"a": [1]}]),
    "typed_dict": ("Box", [{"width": 3}]),
    "union": ("Union[str, int]", ["a", 3, "3", "https://example.com/a"]),
    "union_of_lists": ("str | list[str]", ["a", ["a", "b"]]),
    "optional_union": ("int | list[int] | None", [3, [1, 2], None]),
    "choices": ("str = Input(choices=['a', 'b'])", ["a", "b"]),
    "number_choices": ("int = Input(choices=[1, 2])", [1, 2]),
    "default": ("int = 7", [...]),
    "described_default": ("float = Input(default=1, ge=0)", [..., 3]),
    "default_of_none": ("Optional[str] = Input(default=None)", [...]),
}
SHOWN = """
def shown(value: Any) -> str:
    if isinstance(value, Secret):
        return f"{type(value).__name__} {value} {value.get_secret_value()}"
    if isinstance(value, Path):
        return f"{isinstance(value, Path)} {value.read_text()} {value.exists()} {value.suffix}"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return f"{type(value).__name__} {value!r}"
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Cog directory for each type that goes in, and for each that comes out."""
    root = tmp_path_factory.mktemp("types")
    for name, (returns, body) in OUTPUTS.items():
        kind, _, hint = returns.rpartition(" ") if returns.startswith("async ") else ("", "", returns)
        define = "async def" if kind else "def"
        _write(root / f"gives_{name}", f"{define} run(self) -> {hint}:\n        {body}\n")
    for name, (hint, _) in INPUTS.items():
        _write(root / f"takes_{name}", f"def run(self, x: {hint}) -> str:\n        return shown(x)\n")
    return root


@pytest.fixture(scope="module")
def server(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(folders))
    with running(tmp_path_factory.mktemp("data"), *options) as started:
        yield started


def _write(folder: Path, run: str) -> None:
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(f"{HEAD}{SHOWN}\nclass Runner(BaseRunner):\n    {run}")


def _predicted(server: Foretell, model: str, given: dict[str, Any]) -> dict[str, Any]:
    with server.client() as client:
        body = {"model": model, "input": given, "await": True}
        found: dict[str, Any] = client.post("/v1/predict", json=body).json()
    assert found["status"] == "succeeded", found
    return found


def _with_contents(value: Any, address: str) -> Any:
    """The value, with the bytes of each file in its place."""
    if isinstance(value, str) and value.startswith("data:"):
        return content(value)
    if isinstance(value, str) and value.startswith(f"{address}/files/"):
        return httpx.get(value).content
    if isinstance(value, list):
        return [_with_contents(each, address) for each in value]
    if isinstance(value, dict):
        return {name: _with_contents(each, address) for name, each in value.items()}
    return value


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_the_same(server: Foretell, folders: Path, tmp_path: Path, name: str) -> None:
    folder = folders / f"gives_{name}"
    version = catalog.read_folder(folder, created_at=0)
    with cog_running(folder, version, tmp_path) as cog:
        wanted = cog.predict({})
    assert wanted["status"] == "succeeded", wanted
    output = wanted["output"]
    if version.output_schema.get("x-cog-array-display") == "concatenate":
        output = "".join(output)
    found = _predicted(server, folder.name, {})
    assert _with_contents(found["result"], server.address) == _with_contents(output, server.address)


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_arrives_the_same(server: Foretell, folders: Path, tmp_path: Path, name: str) -> None:
    folder = folders / f"takes_{name}"
    with cog_running(folder, catalog.read_folder(folder, created_at=0), tmp_path) as cog:
        for value in INPUTS[name][1]:
            given = {} if value is ... else {"x": value}
            wanted = cog.predict(given)
            assert wanted.get("status") == "succeeded", wanted
            assert _predicted(server, folder.name, given)["output"] == wanted["output"]

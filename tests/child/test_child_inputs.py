"""How the JSON of an input becomes what the predictor's annotation says."""

import json
from pathlib import Path
from typing import Any

import pytest

from child.node_end import Child

HEAD = """
from __future__ import annotations
import enum, io, json, pathlib
from typing import Annotated, Any, Dict, List, Literal, Optional, TypedDict, Union
from cog import File, Input, Opaque, Secret
from cog import Path
from foretell.inputs import Parameters
class Size(enum.Enum):
    small = "s"
class Times(enum.IntEnum):
    twice = 2
class Box(TypedDict):
    width: int
def shown(value):
    if isinstance(value, list):
        return [shown(item) for item in value]
    return f"{type(value).__name__} {value!r}"
def predict(annotation: str, value: Any) -> Any:
    names = dict(globals())
    exec(f"def asked(value: {annotation}): return shown(value)", names)
    return names["asked"](**Parameters(names["asked"]).arguments({"value": value}))
"""


@pytest.fixture(scope="module")
def asked(shared: Child) -> Child:
    """A predictor that shows what a value is to an annotation."""
    shared.set_up(HEAD, predictor="predict.py:predict")
    return shared


def given(child: Child, annotation: str, value: Any) -> Any:
    frame = child.run(f"{annotation} {value}".replace("/", "|"), annotation=annotation, value=value)
    assert frame["type"] == "done", frame
    return frame["value"]


@pytest.mark.parametrize(
    ("annotation", "value", "shown"),
    [
        ("int", 30, "int 30"),
        ("int", 30.0, "int 30"),
        ("Optional[int]", 30.0, "int 30"),
        ("int | None", 30.0, "int 30"),
        ("Optional[int]", None, "NoneType None"),
        ("float", 30, "int 30"),
        ("bool", True, "bool True"),
        ("str", "http://x/y.png", "str 'http://x/y.png'"),
        ("Union[str, Path]", "/a", "str '/a'"),
        ("Any", "/a", "str '/a'"),
        ("List[int]", [1.0, 2], ["int 1", "int 2"]),
        ("list", [1.0], ["float 1.0"]),
        ("Dict[str, int]", {"a": 1.0}, "dict {'a': 1.0}"),
        ("Box", {"width": 1}, "dict {'width': 1}"),
        ("Annotated[dict, Opaque]", {"a": 1}, "dict {'a': 1}"),
        ("Literal['a', 'b']", "a", "str 'a'"),
        ("Size", "s", "Size <Size.small: 's'>"),
        ("Times", 2, "Times <Times.twice: 2>"),
        ("List[Times]", [2.0], ["Times <Times.twice: 2>"]),
        ("Secret", "hush", "Secret Secret('**********')"),
        ("Optional[Secret]", "hush", "Secret Secret('**********')"),
        ("Unknown", "x", "str 'x'"),
    ],
)
def test_a_value_arrives_as_its_annotation_says(
    asked: Child, annotation: str, value: Any, shown: Any
) -> None:
    assert given(asked, annotation, value) == shown


@pytest.mark.parametrize("annotation", ["Path", "Optional[Path]", "Path | None", "pathlib.Path", "'Path'"])
def test_a_file_arrives_as_a_path(asked: Child, annotation: str) -> None:
    assert given(asked, annotation, "/in/a.png") == "Path Path('/in/a.png')"


@pytest.mark.parametrize("annotation", ["list[Path]", "List[Path]", "Optional[List[Path]]"])
def test_files_arrive_as_paths(asked: Child, annotation: str) -> None:
    assert given(asked, annotation, ["/a", "/b"]) == ["Path Path('/a')", "Path Path('/b')"]


def test_the_deprecated_file_type_arrives_open(child: Child, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("content")
    child.set_up(
        "from cog import File\ndef predict(f: File) -> str:\n    return f.read().decode()\n",
        predictor="predict.py:predict",
    )
    assert child.run(f=str(tmp_path / "in.txt"))["value"] == "content"


def test_what_is_missing_has_its_default(child: Child) -> None:
    child.set_up(
        """
from typing import Any, Optional
from cog import Input
def predict(a: int = 3, b: str = Input(default="b"), c: Optional[int] = Input(description="?"),
            d: Optional[str] = None, e: int = Input(default=None)) -> list:
    return [a, b, c, d, e]
""",
        predictor="predict.py:predict",
    )
    assert child.run()["value"] == [3, "b", None, None, None]


def test_a_secret_shows_itself_only_when_it_is_asked(child: Child) -> None:
    child.set_up(
        """
from cog import Secret
def predict(key: Secret) -> list:
    print(key, repr(key), f"{key}", [key])
    return [key.get_secret_value(), len(key), key == Secret("hush")]
""",
        predictor="predict.py:predict",
    )
    assert child.run(key="hush")["value"] == ["hush", 4, True]
    assert "hush" not in json.dumps(child.of("log"))


def test_a_path_is_a_pathlib_path_with_all_that_it_can(child: Child, tmp_path: Path) -> None:
    child.set_up(
        """
from cog import Path
def predict(file: Path) -> list:
    return [file.read_text(), (file.parent / "x").name, file.suffix, isinstance(file.parent, Path)]
""",
        predictor="predict.py:predict",
    )
    (tmp_path / "in.txt").write_text("content")
    assert child.run(file=str(tmp_path / "in.txt"))["value"] == ["content", "x", ".txt", True]


def test_a_predictor_that_names_no_inputs_gets_all_of_them(child: Child) -> None:
    source = """
def predict(prompt: str = "", **others) -> str:
    return f"{prompt} {sorted(others.items())}"
"""
    child.set_up(source, predictor="predict.py:predict")
    assert child.run(prompt="a fox", steps=3)["value"] == "a fox [('steps', 3)]"

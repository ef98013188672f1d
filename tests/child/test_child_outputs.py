"""What a predictor may give: JSON, files, and both."""

import os
from pathlib import Path
from typing import Any

import pytest

from child.node_end import Child

FUNCTION = "predict.py:predict"
HEAD = """
import array, dataclasses, enum, io, math, os, pathlib, tempfile
from typing import *
from cog import BaseModel, Path, current_scope
@dataclasses.dataclass
class Point:
    x: int
    y: int = 2
class Size(enum.Enum):
    small = "s"
class Box(TypedDict):
    width: int
class Parent(BaseModel):
    text: str
    more: ClassVar[int] = 1
class Output(Parent):
    image: Optional[Path] = None
class Numpy:
    def __init__(self, value): self.value = value
    def tolist(self): return self.value
def temporary(name, text="content"):
    path = Path(tempfile.mkdtemp()) / name
    path.write_text(text)
    return path
"""
TABLE = """
from foretell.handover import Handover
from foretell.output import Output as Outputs
from foretell.predictor import Loaded
def predict(annotation: str, value: str) -> Any:
    names = dict(globals())
    exec(f"def asked() -> {annotation}: return {value}", names)
    outputs = Outputs(Handover(current_scope().folder, {}), Loaded(None, names["asked"]).item)
    plain, files = outputs.take(names["asked"]())
    assert not files
    return plain
"""


def ran(child: Child, annotation: str, value: str) -> dict[str, Any]:
    child.set_up(HEAD + f"def predict() -> {annotation}:\n    return {value}\n", predictor=FUNCTION)
    return child.run()


@pytest.fixture(scope="module")
def asked(shared: Child) -> Child:
    """A predictor that gives what an expression says where an annotation says something."""
    shared.set_up(HEAD + TABLE, predictor=FUNCTION)
    return shared


@pytest.mark.parametrize(
    ("annotation", "value", "given"),
    [
        ("str", "'ü'", "ü"),
        ("int", "3.0", 3.0),
        ("float", "3", 3),
        ("bool", "False", False),
        ("Any", "None", None),
        ("None", "None", None),
        ("list", "(1, [2, 'x'])", [1, [2, "x"]]),
        ("List[float]", "Numpy([0.5, 1])", [0.5, 1]),
        ("float", "Numpy(0.5)", 0.5),
        ("dict", "{'a': {'b': [Numpy([[1]])]}}", {"a": {"b": [[[1]]]}}),
        ("Point", "Point(1)", {"x": 1, "y": 2}),
        ("Box", "{'width': 1}", {"width": 1}),
        ("Size", "Size.small", "s"),
        ("Output", "Output(text='t')", {"text": "t", "image": None}),
        ("List[Output]", "[Output(text='t')]", [{"text": "t", "image": None}]),
        ("Union[int, str]", "'a'", "a"),
        ("Optional[str]", "None", None),
        ("Literal['a']", "'a'", "a"),
        ("'Nowhere'", "1", 1),
    ],
)
def test_a_value_is_given_as_json(asked: Child, annotation: str, value: str, given: Any) -> None:
    frame = asked.run(f"{annotation} {value}".replace("/", "|"), annotation=annotation, value=value)
    assert (frame["type"], frame.get("value"), frame.get("files")) == ("done", given, [])


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        ("str", "3", "the predictor gave an int where it says str"),
        ("str", "None", "the predictor gave nothing where it says str"),
        ("int", "True", "the predictor gave a bool where it says int"),
        ("int", "3.5", "the predictor gave a float where it says int"),
        ("Path", "'a.png'", "the predictor gave a str where it says Path"),
        ("List[Path]", "['a.png']", "the predictor gave a list of str where it says List[Path]"),
        ("Output", "{'text': 't'}", "the predictor gave a dict where it says Output"),
        ("Output", "Output(text=3)", "the predictor gave an Output where it says Output"),
        ("Any", "math.nan", "the output contains nan, which JSON cannot say"),
        ("Any", "{'a': [math.inf]}", "the output contains inf, which JSON cannot say"),
        ("Any", "{1, 2}", "the output contains a set, which is neither JSON nor a file"),
        ("Any", "b'x'", "the output contains a bytes, which is neither JSON nor a file"),
        ("Any", "[object()]", "the output contains an object, which is neither JSON nor a file"),
        ("Any", "{1: 2}", "the output has an int as a key, where JSON has text"),
        ("Any", r"'\ud800'", "the output contains text that is not Unicode"),
        (
            "Any",
            "Path('/nowhere/a.png')",
            "the output file /nowhere/a.png cannot be read: No such file or directory",
        ),
        ("Any", "Path('/dev')", "the output file /dev is not a regular file"),
        ("Any", "Path('/dev/zero')", "the output file /dev/zero is not a regular file"),
    ],
)
def test_what_cannot_be_given_is_refused_in_a_sentence(
    asked: Child, annotation: str, value: str, message: str
) -> None:
    frame = asked.run(f"{annotation} {value}".replace("/", "|"), annotation=annotation, value=value)
    assert (frame["type"], frame["code"], frame["message"]) == ("failed", "bad_output", message)


@pytest.mark.parametrize("value", ["'x' * 17_000_000", "[[0] * 1000] * 9000"])
def test_a_value_longer_than_a_frame_fails_the_run_and_not_the_link(child: Child, value: str) -> None:
    frame = ran(child, "Any", value)
    assert frame["code"] == "too_large"
    assert frame["message"].endswith("give it as a file")
    child.send(type="stop")
    assert child.process.wait(5) == 0


def test_a_value_deeper_than_the_link_allows_fails_the_run(child: Child) -> None:
    assert (
        ran(child, "Any", "__import__('functools').reduce(lambda a, _: [a], range(99), 0)")["code"]
        == "too_large"
    )


def test_a_value_that_contains_itself_fails_the_run(child: Child) -> None:
    assert ran(child, "Any", "(lambda a: a.append(a) or a)([])")["code"] == "too_large"


def test_a_file_is_moved_into_the_runs_folder_under_its_own_name(child: Child) -> None:
    frame = ran(child, "Path", "print(p := temporary('picture.png')) or p")
    assert (frame["value"], frame["files"]) == (None, [{"at": [], "path": "out/0-picture.png"}])
    assert (child.folder / "runs/a/out/0-picture.png").read_text() == "content"
    assert not Path(child.log().strip()).exists()


def test_files_are_found_wherever_they_are_in_a_value(child: Child) -> None:
    value = (
        "{'images': [temporary('a.png'), temporary('a.png')], 'o': Output(text='t', image=temporary('b'))}"
    )
    frame = ran(child, "Any", value)
    assert frame["value"] == {"images": [None, None], "o": {"text": "t", "image": None}}
    assert frame["files"] == [
        {"at": ["images", 0], "path": "out/0-a.png"},
        {"at": ["images", 1], "path": "out/1-a.png"},
        {"at": ["o", "image"], "path": "out/2-b"},
    ]


def test_an_open_file_is_written_out(child: Child) -> None:
    frame = ran(child, "Any", "[io.BytesIO(b'bytes'), io.StringIO('text'), open(temporary('c.txt'))]")
    assert [file["path"] for file in frame["files"]] == [
        "out/0-output.bin",
        "out/1-output.bin",
        "out/2-c.txt",
    ]
    out = child.folder / "runs/a/out"
    assert [path.read_text() for path in sorted(out.iterdir())] == ["bytes", "text", "content"]


def test_a_file_that_is_given_twice_is_there_twice(child: Child) -> None:
    frame = ran(child, "List[Path]", "[temporary('a.png')] * 2")
    out = child.folder / "runs/a"
    assert [(out / file["path"]).read_text() for file in frame["files"]] == ["content", "content"]


@pytest.mark.parametrize("value", ["Path(__file__).parent / 'kept.png'", "pathlib.Path(os.environ['LINK'])"])
def test_a_file_that_others_may_need_is_copied(child: Child, value: str) -> None:
    kept = child.folder / "model" / "kept.png"
    kept.parent.mkdir()
    kept.write_text("kept")
    os.utime(kept, (1e9, 1e9))
    (child.folder / "link.png").symlink_to(kept)
    link = repr(str(child.folder / "link.png"))
    (given,) = ran(child, "Path", value.replace("os.environ['LINK']", link))["files"]
    copy = child.folder / "runs/a" / given["path"]
    assert (copy.read_text(), copy.is_symlink(), kept.read_text()) == ("kept", False, "kept")


def test_an_input_given_back_is_still_there(child: Child) -> None:
    child.set_up("from cog import Path\ndef predict(f: Path) -> Path:\n    return f\n", predictor=FUNCTION)
    taken = child.folder / "in.txt"
    taken.write_text("in")
    assert child.run(f=str(taken))["files"] == [{"at": [], "path": "out/0-in.txt"}]
    assert taken.read_text() == "in"


def test_a_name_that_is_too_long_or_unprintable_is_made_fit(child: Child) -> None:
    frame = ran(child, "Any", "[temporary('é' * 120 + '.png'), temporary('a\\nb.txt')]")
    names = [Path(file["path"]).name for file in frame["files"]]
    assert names[0].endswith("é.png") and len(names[0].encode()) <= 210
    assert names[1] == "1-a_b.txt"


def test_files_are_counted_on_from_one_item_to_the_next(child: Child) -> None:
    child.set_up(
        """
from typing import Iterator
from cog import Path
def predict() -> Iterator[Path]:
    for text in "ab":
        path = Path("same.txt")
        path.write_text(text)
        yield path
""",
        predictor=FUNCTION,
    )
    assert child.run()["type"] == "done"
    given = [file["path"] for frame in child.of("output") for file in frame["files"]]
    assert given == ["out/0-same.txt", "out/1-same.txt"]
    assert [(child.folder / "runs/a" / path).read_text() for path in given] == ["a", "b"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("Output()", "TypeError: Output needs text"),
        ("Output(text='a', picture=1)", "TypeError: Output has no field picture"),
    ],
)
def test_an_output_of_the_wrong_parts_cannot_be_made(child: Child, call: str, message: str) -> None:
    assert ran(child, "Any", call)["message"] == message


def test_a_pydantic_model_is_an_output_where_pydantic_is(child: Child) -> None:
    pytest.importorskip("pydantic")
    child.set_up(
        """
import tempfile
from typing import List
from cog import Path, Secret
from pydantic import BaseModel
class Inner(BaseModel):
    n: int
class Output(BaseModel):
    inner: Inner
    images: List[Path]
def predict() -> Output:
    path = Path(tempfile.mkdtemp()) / "a.png"
    path.write_text("a")
    return Output(inner=Inner(n=1), images=[path])
""",
        predictor=FUNCTION,
    )
    frame = child.run()
    assert frame["value"] == {"inner": {"n": 1}, "images": [None]}
    assert frame["files"] == [{"at": ["images", 0], "path": "out/0-a.png"}]


def test_a_predictor_that_gives_faster_than_the_node_reads_is_held_back(child: Child) -> None:
    child.set_up(
        """
import os, resource
from typing import Iterator
def predict() -> Iterator[str]:
    for i in range(100):
        yield "x" * 1_000_000
""",
        predictor=FUNCTION,
    )
    done = child.run()
    assert len(child.values()) == 100
    assert done["memory_bytes"] < 120e6

"""A model's examples: read with everything else, and held against what the model takes."""

from pathlib import Path

import pytest

from foretell.catalog import read_folder
from foretell.catalog.examples import given_of
from foretell.errors import Error
from foretell.model import Example, Version

MODEL = """
name = "Draw"
type = "image"
description = "Draws."
predictor = "predict.py:Predictor"
"""
PREDICT = """
from cog import BasePredictor, Input, Path

class Predictor(BasePredictor):
    def predict(self, prompt: str, image: Path = None, times: int = Input(default=1, le=3)) -> Path:
        ...
"""


def model(root: Path, examples: str) -> Version:
    folder = root / "draw"
    (folder / "examples").mkdir(parents=True)
    (folder / "examples" / "red-heart.png").write_bytes(b"a picture")
    (folder / "predict.py").write_text(PREDICT)
    (folder / "model.toml").write_text(MODEL + examples)
    return read_folder(folder, created_at=0)


def wrong(root: Path, examples: str) -> list[str]:
    with pytest.raises(Error) as caught:
        model(root, examples)
    return [each.partition("model.toml: ")[2] for each in caught.value.message.splitlines()]


def test_examples_say_what_goes_in_and_what_came_out(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        """
        [[examples]]
        title = "A heart"
        input = { prompt = "red heart", times = 2 }
        output = ["examples/red-heart.png"]

        [[examples]]
        input.prompt = "a word"
        output = "one text"

        [[examples]]
        input.prompt = "no more"
        """,
    )
    assert found.manifest.examples == (
        Example(
            title="A heart",
            input={"prompt": "red heart", "times": 2},
            output=("examples/red-heart.png",),
        ),
        Example(input={"prompt": "a word"}, output=("one text",)),
        Example(input={"prompt": "no more"}),
    )


def test_a_file_of_the_folder_may_be_an_input(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        '[[examples]]\ninput = { prompt = "examples/red-heart.png", image = "examples/red-heart.png" }',
    )
    given = given_of(found, found.manifest.examples[0])
    assert given["prompt"] == "examples/red-heart.png"
    assert given["image"] == (tmp_path / "draw" / "examples" / "red-heart.png").as_uri()


@pytest.mark.parametrize(
    ("examples", "problem"),
    [
        ("examples = 3", "'examples' must be written as [[examples]]"),
        ("[[examples]]\ninput = 3", "'examples[1].input' must be a table"),
        ("[[examples]]\ntitel = 'A heart'", "'examples[1].titel' is not a setting; did you mean 'title'?"),
        (
            "[[examples]]\ninput.prompt = 'x'\noutput = ['a.png', 'b.png']",
            "'examples[1].output' names 'a.png', which is no file of the folder",
        ),
        ("[[examples]]\ninput = { times = 2 }", "examples[1].input.prompt"),
        ("[[examples]]\ninput = { prompt = 'x', times = 9 }", "examples[1].input.times: 9 is more than"),
        ("[[examples]]\ninput = { prompt = 'x', tmies = 2 }", "did you mean 'times'?"),
    ],
)
def test_an_example_that_the_model_does_not_take_is_told(tmp_path: Path, examples: str, problem: str) -> None:
    assert any(problem in each for each in wrong(tmp_path, examples))


def test_what_an_example_gave_once_is_no_part_of_the_version(tmp_path: Path) -> None:
    examples = '[[examples]]\ninput = { prompt = "red heart" }\noutput = ["examples/red-heart.png"]\n'
    before = model(tmp_path, examples)
    (tmp_path / "draw/examples/red-heart.png").write_bytes(b"a better picture")
    assert read_folder(tmp_path / "draw", created_at=0).id == before.id
    (tmp_path / "draw/examples/other.png").write_bytes(b"what no example names")
    assert read_folder(tmp_path / "draw", created_at=0).id != before.id

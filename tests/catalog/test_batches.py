"""What a folder must have to take several predictions at a time."""

from pathlib import Path

import pytest

from foretell import catalog
from foretell.errors import Error
from foretell.model import Version

ONE = """
class Predictor:
    def predict(self, word: str = "", width: int = 1) -> str: ...
"""
BOTH = ONE + "    def predict_batch(self, inputs): ...\n"
MANIFEST = """
name = "Model"
type = "text"
description = "A model of the tests."
predictor = "predict.py:Predictor"
"""


def read(folder: Path, source: str, settings: str) -> Version:
    (folder / "predict.py").write_text(source)
    (folder / "model.toml").write_text(MANIFEST + settings)
    return catalog.read_folder(folder, created_at=0)


def test_a_folder_says_how_large_its_batches_are_and_what_their_members_share(tmp_path: Path) -> None:
    settings = '[batching]\nsize = 16\nwait_ms = 2.5\nequal = ["width"]'
    found = read(tmp_path, BOTH, settings).manifest.batching
    assert (found.size, found.wait_ms, found.equal) == (16, 2.5, ("width",))


def test_a_model_takes_one_at_a_time_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert read(tmp_path, BOTH, "").manifest.batching.size == 1


@pytest.mark.parametrize(
    ("source", "settings", "words"),
    [
        (ONE, "size = 2", "needs a `def predict_batch` in predict.py:Predictor"),
        (
            BOTH.replace("def predict_batch", "async def predict_batch"),
            "size = 2",
            "needs a `def predict_batch`",
        ),
        (BOTH.replace("def predict(", "async def predict("), "size = 2", "needs a plain `def`"),
        (
            BOTH.replace("...", "yield ''", 1).replace("-> str", "-> Iterator[str]"),
            "size = 2",
            "a plain `def`",
        ),
        (BOTH, "size = 2\nequal = ['height']", "names 'height', which is no input"),
        (BOTH, "size = 0", "must be from 1 to 256, not 0"),
        (BOTH, "size = 257", "must be from 1 to 256, not 257"),
        (BOTH, "size = 2\nwait_ms = 5000", "must be from 0 to 1000, not 5000"),
        (BOTH, "seize = 2", "did you mean 'size'?"),
    ],
)
def test_what_cannot_be_batched_is_refused(tmp_path: Path, source: str, settings: str, words: str) -> None:
    with pytest.raises(Error, match="batching") as refused:
        read(tmp_path, source, f"[batching]\n{settings}")
    assert words in refused.value.message

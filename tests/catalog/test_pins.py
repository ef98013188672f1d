"""What is open in a manifest's weights, and the lock that fixes it."""

from dataclasses import replace
from pathlib import Path

import pytest

from foretell.catalog import load, read_folder, read_manifest
from foretell.catalog.pins import LOCK, unpinned, write_lock
from foretell.config import Config
from foretell.errors import Error
from foretell.model import Weight

MODEL = """
name = "Mine"
type = "text"
description = "Talks."
predictor = "predict.py:predict"
[[weights]]
name = "model"
source = "hf:owner/name@main"
include = ["*.safetensors"]
[[weights]]
name = "words"
source = "file:words"
"""
PINNED = {"source": "hf:owner/name@0123", "sha256": "a" * 64, "size_bytes": 7}


def model(root: Path, text: str = MODEL) -> Path:
    folder = root / "mine"
    (folder / "words").mkdir(parents=True)
    (folder / "words" / "list.txt").write_text("one\n")
    (folder / "model.toml").write_text(text)
    (folder / "predict.py").write_text("def predict(prompt: str) -> str:\n    return prompt\n")
    return folder


def lock(folder: Path) -> None:
    weights = read_manifest(folder).weights
    write_lock(folder, weights, [replace(weights[0], **PINNED), weights[1]])  # type: ignore[arg-type]


def test_a_lock_says_what_the_manifest_leaves_open(tmp_path: Path) -> None:
    folder = model(tmp_path)
    assert unpinned(read_manifest(folder)) == ["model"]
    before = read_folder(folder, created_at=0).id
    lock(folder)
    found = read_manifest(folder)
    assert unpinned(found) == []
    assert found.weights[0] == Weight(name="model", include=("*.safetensors",), **PINNED)  # type: ignore[arg-type]
    assert read_folder(folder, created_at=0).id != before


def test_a_lock_counts_only_for_the_source_that_it_was_made_for(tmp_path: Path) -> None:
    folder = model(tmp_path)
    lock(folder)
    (folder / "model.toml").write_text(MODEL.replace("@main", "@other"))
    assert unpinned(read_manifest(folder)) == ["model"]


def test_a_damaged_lock_is_told(tmp_path: Path) -> None:
    folder = model(tmp_path)
    for text in ("{", "[]", '{"model": 3}'):
        (folder / LOCK).write_text(text)
        with pytest.raises(Error, match=LOCK):
            read_manifest(folder)


def test_files_without_a_hash_count_as_a_part_of_their_folder(tmp_path: Path) -> None:
    folder = model(tmp_path)
    before = read_folder(folder, created_at=0).id
    (folder / "words" / "list.txt").write_text("two\n")
    assert read_folder(folder, created_at=0).id != before


def test_a_server_leaves_out_a_folder_whose_weights_nobody_has_fixed(tmp_path: Path) -> None:
    folder = model(tmp_path)
    config = Config(models=str(tmp_path), sandbox=True)
    versions, problems = load(config)
    assert "mine" not in {each.model for each in versions}
    assert any("'foretell models add' finds it" in each for each in problems)
    lock(folder)
    versions, problems = load(config)
    assert ("mine" in {each.model for each in versions}, problems) == (True, [])


def test_patterns_are_for_what_holds_several_files(tmp_path: Path) -> None:
    weight = '[[weights]]\nname = "a"\nsource = "https://example.com/a"\ninclude = ["*"]\n'
    folder = model(tmp_path, MODEL.partition("[[")[0] + weight)
    with pytest.raises(Error, match="for directories and whole repositories"):
        read_manifest(folder)

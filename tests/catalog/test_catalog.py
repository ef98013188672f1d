"""Which models there are: built-in ones, the operator's own, and the sandbox's under everybody's names."""

import shutil
from pathlib import Path

import pytest

from foretell import catalog
from foretell.catalog import SANDBOX
from foretell.config import Config
from foretell.errors import Error
from foretell.model import Manifest, Version

MODEL = """
name = "Mine"
type = "image"
description = "Draws."
predictor = "predict.py:Predictor"
"""
PREDICT = """
from cog import BasePredictor, Input, Path
from shared.words import STYLES

class Predictor(BasePredictor):
    def predict(self, prompt: str, style: str = Input(default="plain", choices=STYLES)) -> Path:
        ...
"""


def model(root: Path, name: str = "mine", more: str = "") -> Path:
    """A model folder with a package beside the predictor."""
    path = root / name
    (path / "shared").mkdir(parents=True)
    (path / "model.toml").write_text(MODEL + more)
    (path / "predict.py").write_text(PREDICT)
    (path / "shared" / "words.py").write_text('STYLES = ["plain", "oil"]\n')
    return path


def read(path: Path) -> Version:
    return catalog.read_folder(path, created_at=1)


def names(versions: list[Version]) -> dict[str, set[str]]:
    return {each.model: set(each.manifest.aliases) for each in versions}


def test_a_folder_becomes_a_version_with_the_schema_that_its_signature_says(tmp_path: Path) -> None:
    found = read(model(tmp_path))
    assert (found.model, found.created_at, found.streaming) == ("mine", 1, False)
    assert found.input_schema["properties"]["style"]["enum"] == ["plain", "oil"]
    assert found.input_schema["required"] == ["prompt"]


def test_a_version_is_what_lies_in_its_folders_and_not_where_they_lie(tmp_path: Path) -> None:
    first, second = model(tmp_path / "one"), model(tmp_path / "two")
    assert read(first).id == read(second).id
    assert len(read(first).id) == 16
    for junk in ("__pycache__/x.pyc", ".git/HEAD", ".DS_Store"):
        (second / junk).parent.mkdir(exist_ok=True)
        (second / junk).write_text("junk")
    assert read(first).id == read(second).id
    (second / "shared" / "words.py").write_text('STYLES = ["plain", "ink"]\n')
    assert read(first).id != read(second).id


def test_a_copy_of_a_folder_is_a_model_of_its_own(tmp_path: Path) -> None:
    assert read(model(tmp_path, "mine")).id != read(model(tmp_path, "yours")).id


def test_modules_that_it_shares_belong_to_a_version(tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "drawing.py").write_text("WIDTH = 1\n")
    path = model(tmp_path, more='paths = ["../beside"]\n')
    before = read(path).id
    (beside / "drawing.py").write_text("WIDTH = 2\n")
    assert read(path).id != before


def test_weights_count_by_the_hash_in_the_manifest_and_are_not_read(tmp_path: Path) -> None:
    weight = '[[weights]]\nname = "net"\nsource = "file:net.bin"\nsha256 = "{}"\n'
    path = model(tmp_path, more=weight.format("0" * 64))
    before = read(path).id
    (path / "net.bin").write_bytes(b"large")
    assert read(path).id == before
    (path / "model.toml").write_text(MODEL + weight.format("1" * 64))
    assert read(path).id != before


@pytest.mark.parametrize(
    ("predict", "problem"),
    [
        ("def broken(:", "predict.py"),
        ("class Other: pass", "no class or function Predictor"),
        ("class Predictor:\n    def predict(self, x): ...", "predict.py:2"),
    ],
)
def test_a_predictor_that_cannot_be_read_is_named_with_its_place(
    tmp_path: Path, predict: str, problem: str
) -> None:
    path = model(tmp_path)
    (path / "predict.py").write_text(predict)
    with pytest.raises(Error, match=problem) as caught:
        read(path)
    assert str(path) in caught.value.message


def test_a_missing_predictor_file_is_named(tmp_path: Path) -> None:
    path = model(tmp_path)
    (path / "predict.py").unlink()
    with pytest.raises(Error, match=r"There is no .*predict\.py, where the predictor should be"):
        read(path)


def test_several_runs_at_once_need_an_async_predictor(tmp_path: Path) -> None:
    path = model(tmp_path, more="concurrency = 4\n")
    with pytest.raises(Error, match="'concurrency' is 4"):
        read(path)
    (path / "predict.py").write_text(PREDICT.replace("def predict", "async def predict"))
    assert read(path).manifest.concurrency == 4


def test_every_built_in_model_can_be_read() -> None:
    versions, problems = catalog.load(Config(), created_at=1)
    assert problems == []
    assert {path.name for path in catalog.built_in()} == {each.model for each in versions}
    assert len({name for each in versions for name in (each.model, *each.manifest.aliases)}) >= len(versions)


def test_the_sandbox_has_every_built_in_model_with_its_own_inputs_and_kind() -> None:
    built_in, _ = catalog.load(Config(), created_at=1)
    found = {each.model: each for each in catalog.load(Config(sandbox=True), created_at=1)[0]}
    real = {each.model: each for each in built_in if each.model != "safety"}
    assert found.keys() == {"echo", "fail", "picture", "slow"} | real.keys()
    for name, version in real.items():
        stand_in = found[name]
        assert (stand_in.input_schema, stand_in.output_schema) == (
            version.input_schema,
            version.output_schema,
        )
        assert (stand_in.manifest.type, stand_in.streaming) == (version.manifest.type, version.streaming)
        assert stand_in.manifest.aliases == version.manifest.aliases
        assert stand_in.manifest.hidden == version.manifest.hidden
        assert stand_in.manifest.moderated == version.manifest.moderated
        assert stand_in.id != version.id


def test_the_sandbox_needs_nothing() -> None:
    for version in catalog.sandbox():
        manifest = version.manifest
        assert (manifest.environment, manifest.requirements, manifest.weights) == ("none", (), ())


def test_models_of_ones_own_come_beside_the_built_in_ones_or_in_their_place(tmp_path: Path) -> None:
    model(tmp_path)
    model(tmp_path, "deepbrain", 'aliases = ["picture", "echo"]\n')
    (tmp_path / "notes").mkdir()
    versions, problems = catalog.load(Config(models=str(tmp_path)), created_at=1)
    assert problems == []
    mine = {each.model: each for each in versions if each.manifest.name == "Mine"}
    assert mine.keys() == {"mine", "deepbrain"}
    assert [each.model for each in versions].count("deepbrain") == 1

    shadowed = names(catalog.load(Config(models=str(tmp_path), sandbox=True), created_at=1)[0])
    assert "echo" not in shadowed
    assert "picture" not in shadowed
    assert shadowed.keys() >= {"mine", "deepbrain", "slow", "fail"}


def test_a_single_model_folder_can_be_named_itself(tmp_path: Path) -> None:
    versions, _ = catalog.load(Config(models=str(model(tmp_path)), sandbox=True), created_at=1)
    assert "mine" in names(versions)


def test_what_is_wrong_with_one_model_does_not_keep_the_others_away(tmp_path: Path) -> None:
    model(tmp_path, "fine")
    model(tmp_path, "broken", "colour = 3\nconcurrency = 0\n")
    model(tmp_path, "taken", 'aliases = ["fine"]\n')
    versions, problems = catalog.load(Config(models=str(tmp_path), sandbox=True), created_at=1)
    assert "fine" in names(versions)
    assert not {"broken", "taken"} & names(versions).keys()
    toml = {name: tmp_path / name / "model.toml" for name in ("broken", "taken")}
    assert problems == [
        f"{toml['broken']}: 'colour' is not a setting",
        f"{toml['broken']}: 'concurrency' must be at least 1",
        f"{toml['taken']}: the name 'fine' is already that of {tmp_path / 'fine'}",
    ]


def test_a_folder_of_models_that_is_not_there_is_said(tmp_path: Path) -> None:
    _, problems = catalog.load(Config(models=str(tmp_path / "none"), sandbox=True), created_at=1)
    assert problems == [f"{tmp_path / 'none'} is not a directory of models"]


def test_a_folder_without_a_model_in_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predict.py").write_text(PREDICT)
    _, problems = catalog.load(Config(models=str(tmp_path), sandbox=True), created_at=1)
    assert problems == [f"{tmp_path} has neither a model.toml nor a folder with one"]


def test_a_model_that_cannot_run_here_is_registered_with_the_reason(tmp_path: Path) -> None:
    def reason(manifest: Manifest) -> str | None:
        return "No wheel." if manifest.namespace == "mine" else None

    config = Config(models=str(model(tmp_path)), sandbox=True)
    versions, _ = catalog.load(config, created_at=1, offline_reason=reason)
    assert {each.model for each in versions if each.offline_reason} == {"mine"}


def test_a_sandbox_model_can_be_copied_and_is_a_model_of_ones_own(tmp_path: Path) -> None:
    shutil.copytree(SANDBOX / "picture", tmp_path / "copied")
    assert read(tmp_path / "copied").model == "copied"

"""A Cog directory is a model's folder as it is; what its cog.yaml asks for and is not done is said."""

from pathlib import Path
from typing import Any

import pytest

from foretell import catalog
from foretell.config import Config
from foretell.errors import Error
from foretell.model import Version

RUN = "from cog import BaseRunner\nclass Runner(BaseRunner):\n    def run(self, x: int) -> {}:\n        ...\n"


def folder(tmp_path: Path, yaml: str, *, gives: str = "str", name: str = "My Model", **files: str) -> Path:
    path = tmp_path / name
    path.mkdir()
    (path / "cog.yaml").write_text(yaml)
    (path / "run.py").write_text(RUN.format(gives))
    for file, text in files.items():
        (path / file.replace("__", ".")).write_text(text)
    return path


def read(tmp_path: Path, yaml: str, **more: Any) -> Version:
    return catalog.read_folder(folder(tmp_path, yaml, **more), created_at=0)


def problems(tmp_path: Path, yaml: str, **more: Any) -> str:
    with pytest.raises(Error) as refused:
        read(tmp_path, yaml, **more)
    return refused.value.message


def test_a_directory_with_nothing_but_its_runner_is_a_model(tmp_path: Path) -> None:
    manifest = read(tmp_path, "run: run.py:Runner").manifest
    assert (manifest.namespace, manifest.name, manifest.type) == ("my-model", "My model", "text")
    assert (manifest.predictor, manifest.environment, manifest.notes) == ("run.py:Runner", "none", ())
    assert manifest.description == "My model, a model in Cog's form."


def test_what_the_file_says_becomes_the_manifest(tmp_path: Path) -> None:
    yaml = """
build:
  gpu: true
  cuda: "12.1"
  python_version: 3.10
  python_packages: &packages
    - numpy==2.4.0   # arrays
    - "pillow==12.3.0"
    - cog==0.9.0
environment:
  - A=1=2
  - B=$A/${A}
image: registry.example/somebody/Great_Model:latest
predict: run.py
"""
    manifest = read(
        tmp_path, yaml, README__md="# Title\n\n[![badge](x)](y)\n\nDraws a *cat*\nin a hat.\n"
    ).manifest
    assert manifest.namespace == "somebody/great_model"
    assert manifest.description == "Draws a *cat* in a hat."
    assert manifest.requirements == ("numpy==2.4.0", "pillow==12.3.0")
    assert (manifest.environment, manifest.python) == ("own", "3.10")
    assert manifest.environ == {"A": "1=2", "B": "1=2/1=2"}
    assert manifest.predictor == "run.py:Runner"
    assert manifest.limits.gpu == 1


def test_what_is_not_done_is_said(tmp_path: Path) -> None:
    yaml = """
build:
  system_packages: [ffmpeg, git]
  python_requirements: wanted.txt
  run:
    - echo one
    - command: echo two
      mounts: []
run: run.py:Runner
train: train.py:train
"""
    wanted = "--extra-index-url https://example.com\n# a comment\n\ntorch==2.13.0 # large\n"
    manifest = read(tmp_path, yaml, wanted__txt=wanted).manifest
    assert manifest.requirements == ("torch==2.13.0",)
    said = "\n".join(manifest.notes)
    assert "ffmpeg, git" in said and "echo one; echo two" in said
    assert "'train' is left aside" in said and "--extra-index-url https://example.com" in said


def test_what_cog_brings_along_need_not_be_asked_for(tmp_path: Path) -> None:
    more = {"other__py": "import requests\nfrom pydantic import BaseModel\nimport numpy as np\n"}
    yaml = "build: {python_packages: ['Pydantic<3']}\nrun: run.py:Runner"
    assert read(tmp_path, yaml, **more).manifest.requirements == ("Pydantic<3", "numpy", "requests")


def test_a_predictor_without_a_name_is_the_runner_or_else_the_predictor(tmp_path: Path) -> None:
    old = "class Predictor:\n    def predict(self) -> str: ...\n"
    version = read(tmp_path, "predict: predict.py", predict__py=old)
    assert version.manifest.predictor == "predict.py:Predictor"
    both = read(tmp_path, "predict: both.py", name="both", both__py=old + "class Runner(Predictor): ...\n")
    assert both.manifest.predictor == "both.py:Runner"


@pytest.mark.parametrize(
    ("gives", "more", "kind"),
    [
        ("str", "", "text"),
        ("dict", "", "text"),
        ("list[float]", "", "embedding"),
        ("list[list[float]]", "", "embedding"),
        ("list[Path]", "", "image"),
        ("Path", "out = 'speech.wav'", "audio"),
        ("Path", 'out = "clip.mp4"', "video"),
    ],
)
def test_the_type_is_guessed_from_what_it_gives(tmp_path: Path, gives: str, more: str, kind: str) -> None:
    path = folder(tmp_path, "run: run.py:Runner", gives=gives)
    with (path / "run.py").open("a") as file:
        file.write(f"{more}\n")
    assert catalog.read_folder(path, created_at=0).manifest.type == kind


def test_a_model_toml_beside_it_wins_key_by_key(tmp_path: Path) -> None:
    toml = 'type = "audio"\nnamespace = "mine"\n[limits]\nmemory_mb = 900\n[pricing]\namount = 1.5\n'
    yaml = "build: {gpu: true}\nconcurrency: {max: 1}\nrun: run.py:Runner"
    manifest = read(tmp_path, yaml, model__toml=toml).manifest
    assert (manifest.namespace, manifest.type, manifest.name) == ("mine", "audio", "My model")
    assert (manifest.limits.memory_mb, manifest.limits.gpu) == (900, 1)
    assert not manifest.pricing.is_free and manifest.predictor == "run.py:Runner"


def test_a_changed_cog_yaml_is_another_version(tmp_path: Path) -> None:
    path = folder(tmp_path, "run: run.py:Runner")
    before = catalog.read_folder(path, created_at=0).id
    (path / "cog.yaml").write_text("run: run.py:Runner\nenvironment: [A=1]")
    assert catalog.read_folder(path, created_at=0).id != before


def test_cog_directories_are_found_among_the_operators_models(tmp_path: Path) -> None:
    folder(tmp_path, "run: run.py:Runner", name="one")
    folder(tmp_path, "run: run.py:Runner\nbuild: 3", name="two")
    versions, said = catalog.load(Config(models=str(tmp_path), sandbox=True))
    assert "one" in {version.model for version in versions}
    assert said == [f"{tmp_path}/two/cog.yaml: 'build' must be a table"]
    versions, said = catalog.load(Config(models=str(tmp_path / "one"), sandbox=True))
    assert "one" in {version.model for version in versions} and said == []


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("", "it has no keys"),
        ("- a", "it has no keys"),
        ("a: [", "cannot be read"),
        ("build: {}", "'run' is missing"),
        ("run: a.py:A\npredict: b.py:B", "has both 'run' and 'predict'"),
        ("run: [a]", "'run' is missing"),
        ("run: run.py:Runner\nconcurrency: {max: none}", "'concurrency.max' must be a whole number"),
        ("run: run.py:Runner\nconcurrency: {max: 2}", "needs an `async def`"),
        ("run: run.py:Runner\nenvironment: [nothing]", "NAME=VALUE"),
        ("run: run.py:Runner\nenvironment: [FORETELL_KEY=1]", "'environ' must be"),
        (
            "run: run.py:Runner\nbuild: {python_packages: numpy}",
            "'python_packages' must be a list of strings",
        ),
        ("run: run.py:Runner\nbuild: {python_packages: [a], python_requirements: b}", "keep one"),
        ("run: run.py:Runner\nbuild: {python_requirements: b}", "cannot be read"),
        ("run: run.py:Runner\nbuild: {python_requirements: ../b}", "outside of the folder"),
        ("run: run.py:Runner\nbuild: {python_version: three}", "'python' must be a version such as 3.11"),
        ("run: gone.py:Runner", "gone.py, where the predictor should be"),
        ("run: run.py:Walker", "no class or function Walker"),
        ("run: ../run.py", "'predictor' must be"),
    ],
)
def test_what_is_wrong_with_it_is_said(tmp_path: Path, yaml: str, problem: str) -> None:
    assert problem in problems(tmp_path, yaml)


def test_a_file_of_aliases_upon_aliases_does_not_fill_the_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    found = read(tmp_path, "\n".join([*lines, "run: run.py:Runner"]))
    assert found.model == "my-model"

"""A model that says in a file what it takes and gives, and the variables it may see."""

import json
from pathlib import Path
from typing import Any

import pytest

from foretell.catalog import read_folder
from foretell.errors import Error
from foretell.model import Version

MODEL = """
name = "Far"
type = "text"
description = "Answers from afar."
predictor = "predict.py:Predictor"
schema = "schema.json"
"""
PREDICT = """
from cog import BasePredictor

class Predictor(BasePredictor):
    async def predict(self, **given) -> str:
        ...
"""
INPUT = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}


def model(root: Path, schema: Any, settings: str = "") -> Version:
    folder = root / "far"
    folder.mkdir()
    (folder / "predict.py").write_text(PREDICT)
    (folder / "model.toml").write_text(MODEL + settings)
    if schema is not None:
        (folder / "schema.json").write_text(json.dumps(schema))
    return read_folder(folder, created_at=0)


def wrong(root: Path, schema: Any, settings: str = "") -> str:
    with pytest.raises(Error) as caught:
        model(root, schema, settings)
    return caught.value.message


def test_a_predictor_that_takes_everything_has_its_schemas_in_a_file(tmp_path: Path) -> None:
    found = model(tmp_path, {"input": INPUT, "output": {"type": "string"}}, "concurrency = 4\n")
    assert found.input_schema["properties"] == {"prompt": {"type": "string"}}
    assert found.input_schema["additionalProperties"] is False
    assert (found.output_schema, found.manifest.concurrency) == ({"type": "string"}, 4)


def test_another_schema_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = model(tmp_path / "a", {"input": INPUT, "output": {"type": "string"}})
    other = model(tmp_path / "b", {"input": INPUT, "output": {"type": "integer"}})
    assert one.id != other.id


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (None, "schema.json cannot be read"),
        ([], "'output' must be a JSON schema"),
        ({"input": INPUT}, "'output' must be a JSON schema"),
        ({"input": {}, "output": {}}, "'input' must be the JSON schema of an object with 'properties'"),
        ({"input": {"properties": {"a": {"type": "word"}}}, "output": {}}, "'input' is no JSON schema"),
    ],
)
def test_a_schema_that_is_none_is_told(tmp_path: Path, schema: Any, words: str) -> None:
    assert words in wrong(tmp_path, schema)


@pytest.mark.parametrize("place", ["../schema.json", "/etc/schema.json", "schema.toml"])
def test_a_schema_lies_in_the_models_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "predict.py").write_text(PREDICT)
    (tmp_path / "model.toml").write_text(MODEL.replace("schema.json", place))
    with pytest.raises(Error) as caught:
        read_folder(tmp_path, created_at=0)
    assert "'schema' must be a .json file of the folder" in caught.value.message


@pytest.mark.parametrize("name", ["FORETELL_SECRET", "FORETELL_KEY", "A B", "1A", ""])
def test_a_model_cannot_ask_for_what_is_the_servers_own_nor_for_what_is_no_name(
    tmp_path: Path, name: str
) -> None:
    said = wrong(tmp_path, {"input": INPUT, "output": {}}, f'variables = ["{name}"]\n')
    assert "'variables' must be names of environment variables" in said


def test_a_model_names_the_variables_it_may_see(tmp_path: Path) -> None:
    found = model(tmp_path, {"input": INPUT, "output": {}}, 'variables = ["OPENAI_API_KEY"]\n')
    assert found.manifest.variables == ("OPENAI_API_KEY",)

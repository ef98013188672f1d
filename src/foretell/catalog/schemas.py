"""The file in which a model says what it takes and gives, where its predictor's signature does not."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs

from foretell.errors import Code, Error
from foretell.model import Manifest
from foretell.signature import Schema


def read_schemas(manifest: Manifest) -> tuple[Schema, Schema] | None:
    """The schemas of input and output in the manifest's `schema`; None where it names no such file.

    Error(INVALID_REQUEST) for a file that does not have them.
    """
    if not manifest.schema:
        return None
    path = Path(manifest.folder, manifest.schema)
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Error(Code.INVALID_REQUEST, f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        found = {}
    given, made = found.get("input"), found.get("output")
    if not isinstance(made, dict):
        raise Error(Code.INVALID_REQUEST, f"{path}: 'output' must be a JSON schema")
    return _input(path, given), made


def _input(path: Path, found: Any) -> Schema:
    if not isinstance(found, dict) or not _has_properties(found):
        raise Error(
            Code.INVALID_REQUEST, f"{path}: 'input' must be the JSON schema of an object with 'properties'"
        )
    # A name that the model does not know is a mistake, unless it says that it takes others.
    schema = {"type": "object", "title": "Input", "additionalProperties": False} | found
    try:
        jsonschema_rs.validator_for(schema)
    except (ValueError, jsonschema_rs.ValidationError) as error:
        raise Error(Code.INVALID_REQUEST, f"{path}: 'input' is no JSON schema: {error}") from error
    return schema


def _has_properties(found: dict[str, Any]) -> bool:
    properties = found.get("properties")
    return isinstance(properties, dict) and all(isinstance(each, dict) for each in properties.values())

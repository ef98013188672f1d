"""Writing the folder of a model that runs elsewhere."""

import json
import pprint
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretell.families.remote.found import Found

CONCURRENCY = 8
REQUIREMENTS = ("httpx==0.28.1",)
MEMORY_MB = 120
"""What a process takes that only passes on."""


def write_folder(found: Found, folder: Path, *, namespace: str, concurrency: int = CONCURRENCY) -> None:
    """Makes `folder` a model's: manifest, schema, settings and predictor. It holds no key.

    It is a folder like any other: a person may read and change it, and it does not change when Foretell does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for each in found.sources:
        shutil.copyfile(each, folder / each.name)
    if found.input_schema is not None:
        schema = {"input": found.input_schema, "output": found.output_schema}
        (folder / "schema.json").write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    (folder / "settings.py").write_text(_settings(found))
    (folder / "model.toml").write_text(_manifest(found, namespace, concurrency))


def _settings(found: Found) -> str:
    lines = [
        f'"""Where {found.title} runs ({found.kind}), and how it is asked. Change it as you like."""',
        "",
    ]
    for name, value in found.settings.items():
        lines.append(f"{name.upper()} = {pprint.pformat(value, width=100, sort_dicts=False)}")
    return "\n".join([*lines, ""])


def _manifest(found: Found, namespace: str, concurrency: int) -> str:
    top = {
        "namespace": namespace,
        "name": found.title,
        "type": found.type,
        "description": found.description,
        "capabilities": list(found.capabilities),
        "license": found.license,
        "predictor": found.predictor,
        "schema": "" if found.input_schema is None else "schema.json",
        "concurrency": concurrency,
        "network": True,
        "requirements": list(REQUIREMENTS),
        "variables": [found.variable] if found.variable else [],
    }
    parts = [_table("", top), _table("[limits]", {"memory_mb": MEMORY_MB})]
    if found.example is not None:
        parts.append(_table("[[examples]]", {"title": "It answers", "input": dict(found.example)}))
    return "\n".join(part for part in parts if part)


def _table(heading: str, values: Mapping[str, Any]) -> str:
    lines = [f"{name} = {_toml(value)}" for name, value in values.items() if value not in ("", [])]
    return "\n".join([*([heading] if heading else []), *lines, ""])


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON string is a TOML string but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

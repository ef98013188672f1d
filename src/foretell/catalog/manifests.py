"""Reading a model folder's `model.toml`, with everything that is wrong with it at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin

from foretell.errors import Code, Error
from foretell.model import Limits, Manifest, Pricing, Vendor, Weight

FILE = "model.toml"
TYPES = ("image", "video", "audio", "music", "text", "embedding")
ENVIRONMENTS = ("none", "builtin", "own")
TABLES: Mapping[str, type] = {"vendor": Vendor, "pricing": Pricing, "limits": Limits}
NOT_SETTINGS = {"folder", "weights", *TABLES}

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)?")
_SOURCE = re.compile(r"file:.+|https?://.+|hf:[\w.-]+/[\w.-]+/[^@]+@.+|pypi:[\w.\[\]-]+==[\w.+!-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE_NAME = re.compile(r"[\w-][\w.-]*")
_PREDICTOR = re.compile(r"[\w./-]+\.py:\w+")
_WORDS = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of strings",
}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder. Error(INVALID_REQUEST) lists every problem, each with file and key."""
    path = folder / FILE
    try:
        found = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise Error(Code.INVALID_REQUEST, f"There is no {path}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Error(Code.INVALID_REQUEST, f"{path} cannot be read: {error}") from error
    reading = _Reading(folder.resolve(), found)
    manifest = reading.manifest()
    if reading.problems or manifest is None:
        details = tuple(f"{path}: {problem}" for problem in reading.problems)
        raise Error(Code.INVALID_REQUEST, "\n".join(details), details=details)
    return manifest


class _Reading:
    """One reading of a manifest, which gathers problems as it goes."""

    def __init__(self, folder: Path, found: dict[str, Any]) -> None:
        self._folder = folder
        self._found = found
        self.problems: list[str] = []

    def manifest(self) -> Manifest | None:
        """What was read; None when something is missing."""
        top = {name: value for name, value in self._found.items() if name not in {"weights", *TABLES}}
        top.setdefault("namespace", self._folder.name)
        if top.get("requirements"):
            top.setdefault("environment", "own")
        values = self._table("", top, Manifest, known_besides={"weights", *TABLES})
        for name, kind in TABLES.items():
            values[name] = kind(**self._table(name, self._found.get(name, {}), kind))
        values["weights"] = self._weights()
        self._check(values)
        if self.problems:
            return None
        values["paths"] = tuple(str((self._folder / each).resolve()) for each in values.get("paths", ()))
        return Manifest(folder=str(self._folder), **values)

    def _table(
        self, name: str, found: Any, kind: type, *, known_besides: frozenset[str] | set[str] = frozenset()
    ) -> dict[str, Any]:
        """The settings of one table that are well formed, as the fields of `kind`."""
        prefix = f"{name}." if name else ""
        if not isinstance(found, dict):
            self.problems.append(f"'{name}' must be a table")
            return {}
        known = {
            each.name: each for each in fields(kind) if kind is not Manifest or each.name not in NOT_SETTINGS
        }
        values = {}
        for key, value in found.items():
            if key not in known:
                self.problems.append(
                    f"'{prefix}{key}' is not a setting{_nearest(key, {*known, *known_besides})}"
                )
                continue
            fits, converted = _converted(value, known[key].type)
            if fits:
                values[key] = converted
            else:
                self.problems.append(f"'{prefix}{key}' must be {_word(known[key].type)}")
        self.problems += [f"'{prefix}{key}' is missing" for key in _required(known) if key not in found]
        return values

    def _weights(self) -> tuple[Weight, ...]:
        found = self._found.get("weights", [])
        if not isinstance(found, list):
            self.problems.append("'weights' must be written as [[weights]]")
            return ()
        weights = []
        for number, each in enumerate(found, 1):
            before = len(self.problems)
            values = self._table(f"weights[{number}]", each, Weight)
            if len(self.problems) == before:
                weights.append(Weight(**values))
                self._check_weight(f"weights[{number}]", weights[-1])
        for name in _repeated([each.name for each in weights]):
            self.problems.append(f"two weights are named '{name}'")
        return tuple(weights)

    def _check_weight(self, place: str, weight: Weight) -> None:
        self._match(f"{place}.name", weight.name, _FILE_NAME, "a plain file name")
        self._match(f"{place}.sha256", weight.sha256, _SHA256, "64 hex digits in lower case")
        sources = "file:PATH, https://…, hf:owner/name/file@revision or pypi:name==version"
        self._match(f"{place}.source", weight.source, _SOURCE, sources)
        if weight.source.startswith("pypi:") and weight.member is None:
            self.problems.append(f"'{place}.member' is missing: it says which file of the wheel is meant")
        if weight.source.startswith("file:") and weight.member is not None:
            self.problems.append(f"'{place}.member' has no meaning for a file: source")

    def _check(self, values: dict[str, Any]) -> None:
        """What the settings must be beyond their kind."""
        self._match(
            "namespace", values.get("namespace"), _SLUG, "lower-case letters, digits, '.', '_' and '-'"
        )
        for alias in values.get("aliases", ()):
            self._match("aliases", alias, _SLUG, "lower-case letters, digits, '.', '_' and '-'")
        self._match("predictor", values.get("predictor"), _PREDICTOR, "FILE.py:CLASS")
        for key, words in (("type", TYPES), ("environment", ENVIRONMENTS)):
            if key in values and values[key] not in words:
                self.problems.append(f"'{key}' must be one of {', '.join(words)}, not '{values[key]}'")
        if values.get("concurrency", 1) < 1:
            self.problems.append("'concurrency' must be at least 1")
        if values.get("environment") == "none" and values.get("requirements"):
            self.problems.append(
                "'requirements' cannot be met in environment 'none', which is the server's own Python"
            )
        for each in values.get("paths", ()):
            if not (self._folder / each).is_dir():
                self.problems.append(f"'paths' names '{each}', which is no folder")

    def _match(self, key: str, value: object, pattern: re.Pattern[str], words: str) -> None:
        if isinstance(value, str) and not pattern.fullmatch(value):
            self.problems.append(f"'{key}' must be {words}, not '{value}'")


def _converted(value: Any, kind: Any) -> tuple[bool, Any]:
    """Whether a value is of a field's kind, and the value as that kind."""
    plain = _plain(kind)
    if plain is float and type(value) is int:
        return True, float(value)
    if plain is tuple:
        fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return fits, tuple(value) if fits else ()
    return type(value) is plain, value


def _plain(kind: Any) -> type:
    return str if kind == str | None else get_origin(kind) or kind


def _word(kind: Any) -> str:
    return _WORDS[_plain(kind)]


def _required(known: Mapping[str, Field[Any]]) -> list[str]:
    return [
        name for name, each in known.items() if each.default is MISSING and each.default_factory is MISSING
    ]


def _nearest(key: str, known: set[str]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})

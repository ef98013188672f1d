"""Reading a model folder's `model.toml`, with everything that is wrong with it at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from foretell.catalog import cog_yaml
from foretell.catalog.examples import read_examples
from foretell.catalog.pins import read_weights
from foretell.catalog.prices import read_pricing
from foretell.catalog.tables import Problems, read_table
from foretell.errors import Code, Error
from foretell.model import Batching, Limits, Manifest, Vendor
from foretell.retention import Retention

FILE = "model.toml"
TYPES = ("image", "video", "audio", "music", "text", "embedding")
ENVIRONMENTS = ("none", "builtin", "own")
TABLES: Mapping[str, type] = {
    "vendor": Vendor,
    "limits": Limits,
    "batching": Batching,
    "retention": Retention,
}
OURS = {"folder", "notes"}
"""What is not written in the file, but found out."""
NOT_SETTINGS = {*OURS, "weights", "examples", "pricing", *TABLES}

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)?")
"""What a model can be called."""
_PREDICTOR = re.compile(r"(?!/|.*\.\.)[\w./-]+\.py:\w+")
_SCHEMA = re.compile(r"[\w-][\w.-]*\.json|")
_PYTHON = re.compile(r"3\.\d+(\.\d+)?|")
_VARIABLE = re.compile(r"(?!FORETELL_)[A-Za-z_]\w*", re.ASCII)


def read_manifest(folder: Path, *, namespace: str = "") -> Manifest:
    """The manifest of a model folder. Error(INVALID_REQUEST) lists every problem, each with file and key.

    Of a Cog directory that is what its `cog.yaml` says; what a `model.toml` beside it says, counts instead.
    `namespace`: the name that it gets in place of its own.
    """
    path, cog = folder / FILE, None
    if (folder / cog_yaml.FILE).is_file():
        cog = cog_yaml.read_cog(folder)
        found = cog.values | (_parsed(path) if path.exists() else {})
        found["limits"] = cog.values.get("limits", {}) | found.get("limits", {})
    else:
        found = _parsed(path)
    if namespace:
        found["namespace"] = namespace
    reading = _Reading(folder.resolve(), found)
    manifest = reading.manifest() if cog is None else reading.manifest_of_cog(cog.notes)
    if reading.problems or manifest is None:
        file = path if path.exists() else folder / cog_yaml.FILE
        details = tuple(f"{file}: {problem}" for problem in reading.problems)
        raise Error(Code.INVALID_REQUEST, "\n".join(details), details=details)
    return manifest


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise Error(Code.INVALID_REQUEST, f"There is no {path}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Error(Code.INVALID_REQUEST, f"{path} cannot be read: {error}") from error


class _Reading:
    """One reading of a manifest, which gathers problems as it goes."""

    def __init__(self, folder: Path, found: dict[str, Any]) -> None:
        self._folder = folder
        self._found = found
        self.problems = Problems()

    def manifest(self) -> Manifest | None:
        """What was read; None when something is missing."""
        top = {name: value for name, value in self._found.items() if name not in NOT_SETTINGS - OURS}
        top.setdefault("namespace", self._folder.name)
        if top.get("requirements"):
            top.setdefault("environment", "own")
        values = read_table("", top, Manifest, self.problems, known_besides=NOT_SETTINGS)
        values["pricing"] = read_pricing("pricing", self._found.get("pricing", {}), self.problems)
        for name, kind in TABLES.items():
            values[name] = kind(**read_table(name, self._found.get(name, {}), kind, self.problems))
        values["weights"] = read_weights(self._folder, self._found.get("weights", []), self.problems)
        values["examples"] = read_examples(self._folder, self._found.get("examples", []), self.problems)
        self._check(values)
        self.problems += [
            f"'retention.keep_{part}_seconds' must be 0 or more, not {seconds}"
            for part, seconds in values["retention"].limited()
            if seconds < 0
        ]
        self.problems += values["limits"].problems() + values["batching"].problems()
        if self.problems:
            return None
        values["paths"] = tuple(str((self._folder / each).resolve()) for each in values.get("paths", ()))
        return Manifest(folder=str(self._folder), **values)

    def manifest_of_cog(self, notes: tuple[str, ...]) -> Manifest | None:
        """The same, its `type` left empty where nothing says it: what it gives will tell."""
        is_typed = "type" in self._found
        self._found.setdefault("type", TYPES[0])
        manifest = self.manifest()
        if manifest is None:
            return None
        return replace(manifest, notes=notes, type=manifest.type if is_typed else "")

    def _check(self, values: dict[str, Any]) -> None:
        """What the settings must be beyond their kind."""
        self.problems.match(
            "namespace", values.get("namespace"), SLUG, "lower-case letters, digits, '.', '_' and '-'"
        )
        for alias in values.get("aliases", ()):
            self.problems.match("aliases", alias, SLUG, "lower-case letters, digits, '.', '_' and '-'")
        self.problems.match("predictor", values.get("predictor"), _PREDICTOR, "FILE.py:CLASS")
        self.problems.match("schema", values.get("schema"), _SCHEMA, "a .json file of the folder")
        self.problems.match("python", values.get("python"), _PYTHON, "a version such as 3.11")
        self._check_variables(values.get("variables", ()), values.get("environ", {}))
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

    def _check_variables(self, seen: tuple[str, ...], given: dict[str, Any]) -> None:
        words = "names of environment variables that are none of the server's own settings"
        for place, names in (("variables", seen), ("environ", tuple(given))):
            for name in names:
                self.problems.match(place, name, _VARIABLE, words)
        if not all(isinstance(value, str) for value in given.values()):
            self.problems.append("'environ' must give each variable a string")

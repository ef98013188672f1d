"""Reading a Cog directory's `cog.yaml` as the settings that a `model.toml` would have."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.errors import Code, Error

FILE = "cog.yaml"
BYTES_MAX = 1_000_000
DESCRIPTION_CHARACTERS_MAX = 300
IMPLIED = {
    "fastapi": "fastapi",
    "httpx": "httpx",
    "numpy": "numpy",
    "pydantic": "pydantic",
    "requests": "requests",
    "structlog": "structlog",
    "typing_extensions": "typing_extensions",
    "yaml": "PyYAML",
}
"""What Cog brings or has brought along with it: models import these without asking for them."""

_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_EXPANDED = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_IMPORTED = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)
_OWN_PACKAGE = re.compile(r"cog(let)?\b(?![-.\w])", re.IGNORECASE)
_PROJECT = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Cog:
    """`values` are written as in a `model.toml`; `notes` tell, a sentence each, what of the file is not done."""

    values: dict[str, Any]
    notes: tuple[str, ...]


def read_cog(folder: Path) -> Cog:
    """What a Cog directory says of itself. Error(INVALID_REQUEST) lists every problem, each with file and key."""
    path = folder / FILE
    reading = _Reading(folder, _parsed(path))
    values = reading.values()
    if reading.problems:
        details = tuple(f"{path}: {problem}" for problem in reading.problems)
        raise Error(Code.INVALID_REQUEST, "\n".join(details), details=details)
    return Cog(values, tuple(reading.notes))


def _parsed(path: Path) -> dict[str, Any]:
    # Only here: few servers have a model in Cog's form.
    import yaml

    try:
        if path.stat().st_size > BYTES_MAX:
            raise Error(Code.INVALID_REQUEST, f"{path} is larger than {BYTES_MAX / 1e6:g} MB.")
        # Every scalar as it is written: `python_version: 3.10` is no number, of which 3.1 would be left.
        found = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise Error(Code.INVALID_REQUEST, f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise Error(Code.INVALID_REQUEST, f"{path}: it has no keys")
    return found


class _Reading:
    """One reading of a file, which gathers problems and notes as it goes."""

    def __init__(self, folder: Path, found: dict[str, Any]) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._folder = folder
        self._found = found
        self._build = self._table("build")

    def values(self) -> dict[str, Any]:
        namespace = self._namespace()
        name = namespace.rpartition("/")[2].replace("-", " ").replace("_", " ").strip().capitalize()
        values: dict[str, Any] = {
            "namespace": namespace,
            "name": name,
            "description": _first_paragraph(self._folder) or f"{name}, a model in Cog's form.",
            "predictor": self._predictor(),
            "requirements": self._requirements(),
            "python": self._build.get("python_version", ""),
            "environ": dict(self._environ()),
            "concurrency": self._concurrency(),
        }
        if self._build.get("gpu") == "true":
            values["limits"] = {"gpu": 1}
        self._note_what_is_not_done()
        return {key: value for key, value in values.items() if value not in ("", [], {})}

    def _namespace(self) -> str:
        image = self._text(self._found, "image").partition("@")[0]
        owner, _, last = image.rpartition("/")
        named = f"{owner.rpartition('/')[2]}/{last.partition(':')[0]}" if owner else ""
        plain = [_plain(part) for part in (named or self._folder.resolve().name).split("/")]
        return "/".join(part for part in plain if part)

    def _predictor(self) -> str:
        given = [key for key in ("run", "predict") if isinstance(self._found.get(key), str)]
        if len(given) != 1:
            both = "has both 'run' and 'predict'; keep 'run'"
            self.problems.append(
                both if given else "'run' is missing: it names the file and the class, as in run.py:Runner"
            )
            return ""
        file, _, name = self._found[given[0]].partition(":")
        return f"{file}:{name or _runner_in(self._folder / file)}"

    def _requirements(self) -> list[str]:
        packages = self._list(self._build, "python_packages")
        file = self._text(self._build, "python_requirements")
        if packages and file:
            self.problems.append("has both 'build.python_packages' and 'build.python_requirements'; keep one")
        lines = [line.partition(" #")[0].strip() for line in [*packages, *self._lines_of(file)]]
        wanted = [
            line
            for line in lines
            if line and not line.startswith(("#", "-")) and not _OWN_PACKAGE.match(line)
        ]
        options = [line for line in lines if line.startswith("-")]
        if options:
            self.notes.append(
                f"Where packages come from is pip's own setting here; not used: {', '.join(options)}."
            )
        return [*wanted, *_implied(self._folder, wanted)]

    def _lines_of(self, file: str) -> list[str]:
        if not file:
            return []
        path = (self._folder / file).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            self.problems.append(
                f"'build.python_requirements' names {file}, which lies outside of the folder"
            )
            return []
        try:
            return path.read_text().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"'build.python_requirements' names {file}, which cannot be read: {error}")
            return []

    def _environ(self) -> Iterator[tuple[str, str]]:
        values: dict[str, str] = {}
        for each in [*self._list(self._build, "environment"), *self._list(self._found, "environment")]:
            found = _VARIABLE.fullmatch(each)
            if found is None:
                self.problems.append(f"'environment' has '{each}', where NAME=VALUE is meant")
                continue
            name, value = found.groups()
            values[name] = _EXPANDED.sub(lambda used: values.get(used[1] or used[2], ""), value)
            yield name, values[name]

    def _concurrency(self) -> int:
        given = self._text(self._table("concurrency"), "max", place="concurrency.max") or "1"
        if given.isascii() and given.isdigit() and int(given) >= 1:
            return int(given)
        self.problems.append(f"'concurrency.max' must be a whole number, 1 or more, not '{given}'")
        return 1

    def _note_what_is_not_done(self) -> None:
        if packages := self._list(self._build, "system_packages"):
            self.notes.append(
                f"It asks for system packages, which are not installed for it: {', '.join(packages)}. "
                "Install those that this machine lacks."
            )
        commands = [each for key in ("pre_install", "run") for each in self._commands(self._build, key)]
        commands += self._commands(self._found, "run")
        if commands:
            self.notes.append(f"It asks for commands, which are not run for it: {'; '.join(commands)}.")
        if "train" in self._found:
            self.notes.append("'train' is left aside: Foretell runs predictions and trains nothing.")
        if "weights" in self._found:
            self.notes.append(
                "'weights' is left aside: put the files into the folder, or name them in a model.toml beside it."
            )

    def _commands(self, table: dict[str, Any], key: str) -> list[str]:
        found = table.get(key)
        if not isinstance(found, list):
            return [found] if isinstance(found, str) and table is self._build else []
        return [str(each.get("command", "")) if isinstance(each, dict) else str(each) for each in found]

    def _table(self, key: str) -> dict[str, Any]:
        found = self._found.get(key) or {}
        if isinstance(found, dict):
            return found
        self.problems.append(f"'{key}' must be a table")
        return {}

    def _list(self, table: dict[str, Any], key: str) -> list[str]:
        found = table.get(key) or []
        if isinstance(found, list) and all(isinstance(each, str) for each in found):
            return found
        self.problems.append(f"'{key}' must be a list of strings")
        return []

    def _text(self, table: dict[str, Any], key: str, *, place: str = "") -> str:
        found = table.get(key) or ""
        if isinstance(found, str):
            return found
        self.problems.append(f"'{place or key}' must be a string")
        return ""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("._-")


def _runner_in(file: Path) -> str:
    """The class that Cog takes where none is named."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError):
        return "Runner"
    named = re.search(r"^(?:class|def|async def) Runner\b|^Runner\s*=", text, re.MULTILINE)
    return "Runner" if named else "Predictor"


def _implied(folder: Path, wanted: list[str]) -> list[str]:
    """What the files beside `cog.yaml` import, and Cog has."""
    asked = {found[0].lower().replace("_", "-") for each in wanted if (found := _PROJECT.match(each))}
    texts = [path.read_text(errors="replace") for path in sorted(folder.glob("*.py"))]
    imported = {name for text in texts for name in _IMPORTED.findall(text)}
    return [
        project
        for name, project in IMPLIED.items()
        if name in imported and project.lower().replace("_", "-") not in asked
    ]


def _first_paragraph(folder: Path) -> str:
    """What the README begins with, besides headings, pictures and markup."""
    try:
        text = (folder / "README.md").read_text(errors="replace")
    except OSError:
        return ""
    paragraphs = (" ".join(each.split()) for each in re.split(r"\n\s*\n|\n(?=#)|(?<=#)\n", text))
    plain = (each for each in paragraphs if each and each[0] not in "#<![|`-=")
    return next(plain, "")[:DESCRIPTION_CHARACTERS_MAX]

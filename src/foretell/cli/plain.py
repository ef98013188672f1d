"""The commands that start a server, read as nearly everybody writes them: `--port 9000`, each option once.

Whatever else is said, and every mistake, is left to the library that reads all other commands, and tells of mistakes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LISTENING = ("host", "port", "key")
OPTIONS = {
    "serve": (*LISTENING, "sandbox", "data", "database", "config", "models"),
    "api": (*LISTENING, "data", "database", "config", "models"),
    "node": ("data", "database", "config", "models"),
}
FLAG, NUMBER = "sandbox", "port"


@dataclass(frozen=True, slots=True)
class Plain:
    """Which kind of server is meant, its file of settings, and the settings that were given beside it."""

    command: str
    file: Path | None
    chosen: dict[str, Any]


def plain(words: Sequence[str]) -> Plain | None:
    """What the words say; None for all that is not a plain start of a server."""
    if not words or words[0] not in OPTIONS:
        return None
    chosen: dict[str, Any] = {}
    rest = iter(words[1:])
    for word in rest:
        option, equals, value = word.partition("=")
        name = option.removeprefix("--")
        if name == option or name not in OPTIONS[words[0]] or name in chosen:
            return None
        given = _given(name, value if equals else None, rest)
        if given is None:
            return None
        chosen[name] = given
    file = chosen.pop("config", None)
    return Plain(words[0], file and Path(file), chosen)


def _given(name: str, value: str | None, rest: Iterator[str]) -> Any:
    """The value of an option; None for what is none, or might be another option."""
    if name == FLAG:
        return True if value is None else None
    value = next(rest, "") if value is None else value
    if not value or value.startswith("-"):
        return None
    if name == NUMBER:
        return int(value) if value.isascii() and value.isdigit() else None
    return str(Path(value)) if name == "models" else value

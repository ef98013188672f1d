"""Options that several commands share, and the configuration they lead to."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from foretell import config
from foretell.duration import seconds_of
from foretell.errors import Code, Error

Data = Annotated[
    str | None,
    typer.Option(
        "--data", metavar="DIR", help="Data directory (default: FORETELL_DATA or ~/.local/share/foretell)."
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML file with settings (default: FORETELL_CONFIG)."),
]
Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="postgresql://… (default: SQLite in the data directory)."),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="A server elsewhere (default: FORETELL_URL, else the data directory's)."
    ),
]
ApiKey = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="API key for --url (default: FORETELL_KEY).")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def seconds(text: str, option: str) -> float:
    """How many seconds an option says. Raises typer.BadParameter."""
    try:
        return seconds_of(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint=option) from error


def settings(file: Path | None = None, **overrides: Any) -> config.Config:
    """The configuration in force, `overrides` last. Raises Error whose details are all problems."""
    named = os.environ.get("FORETELL_CONFIG")
    try:
        return config.load(os.environ, file=file or (Path(named) if named else None), overrides=overrides)
    except ValueError as error:
        problems = tuple(str(error).splitlines())
        raise Error(Code.INVALID_PARAMETER, "The configuration is wrong:", details=problems) from error

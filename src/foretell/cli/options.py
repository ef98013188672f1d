"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from foretell.duration import seconds_of

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

"""`foretell backup` and `restore`: all that must not be lost, elsewhere and back again."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from foretell.cli.configured import settings
from foretell.cli.options import ConfigFile, Data, Json
from foretell.cli.printing import labelled, notes, print_json
from foretell.errors import Code, Error

if TYPE_CHECKING:
    from foretell.main.backup import Summary

MEGABYTE = 1_000_000
MISSING_MAX = 10
"""Names of lost files that are shown."""
_WORDS = {
    "database": "Copying the database",
    "files": "Files",
    "restore": "Restoring files",
    "tables": "Restoring tables",
}


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: foretell backup /mnt/backups/monday")(backup)
    app.command(epilog="Example: foretell restore /mnt/backups/monday --data /srv/foretell")(restore)


def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The new directory that becomes the backup.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the backup that is there, instead of making one.")
    ] = False,
    pg_dump: Annotated[
        Path | None,
        typer.Option("--pg-dump", metavar="PATH", help="For Postgres: its program (default: on the PATH)."),
    ] = None,
    data: Data = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Copy all that must not be lost into a new directory, also while the server runs."""
    # Imported only here: other commands start in half the time without it.
    from foretell.main import backup as backups

    with _telling() as told:
        if verify:
            summary, problems = backups.verify(path, told=told)
            if summary is None or problems:
                raise Error(Code.INVALID_REQUEST, f"{path} is not sound:", details=tuple(problems))
        else:
            summary = backups.back_up(settings(config, data=data), path, told=told, pg_dump=pg_dump)
    if json:
        print_json(backups.shown(summary))
        return
    size = f"{summary.files} files of {summary.bytes / MEGABYTE:.1f} MB"
    notes.print(f"{path} is sound: {size}." if verify else f"Backed up to {path}: the database, {size}.")
    _tell_missing(summary)
    if not summary.has_secret:
        notes.print("The server's secret comes from the settings, and is not in it.")


def restore(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The backup.")],
    force: Annotated[bool, typer.Option("--force", help="Move aside what is in the data directory.")] = False,
    pg_restore: Annotated[
        Path | None,
        typer.Option(
            "--pg-restore", metavar="PATH", help="For Postgres: its program (default: on the PATH)."
        ),
    ] = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Fill an empty data directory, and an empty Postgres, from a backup, which is checked before."""
    from foretell.main import backup as backups

    chosen = settings(config, data=data)
    with _telling() as told:
        summary, aside = backups.restore(chosen, path, force=force, told=told, pg_restore=pg_restore)
    notes.print(f"Restored {path} to {chosen.data_path}: the database, {summary.files} files.")
    _tell_missing(summary)
    if aside is not None:
        notes.print(labelled("Moved aside:", str(aside), style="yellow"))


def _tell_missing(summary: "Summary") -> None:
    if summary.missing:
        shown = ", ".join(summary.missing[:MISSING_MAX])
        count = f"{len(summary.missing)} files that the database names were lost before it was made: {shown}"
        notes.print(labelled("Incomplete:", count, style="yellow"))


@contextmanager
def _telling() -> Iterator["_Telling"]:
    """Shows on a terminal how far it is. What asks the command to end undoes what is unfinished, like Ctrl-C."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as progress:
            yield _Telling(progress)
    finally:
        signal.signal(signal.SIGTERM, before)


class _Telling:
    """One bar for each thing that is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(_WORDS[what], total=total)
        self._progress.update(self._bars[what], completed=done, total=total)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt

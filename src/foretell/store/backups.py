"""Copies of an SQLite database, made while it is written to, and what is to be known of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from foretell.store import schema
from foretell.store.files import HAS_BYTES
from foretell.store.sqlite import SqliteConnection

PAGES_AT_ONCE = 2_048
"""How much is copied between two words about how far it is."""
PROBLEMS_MAX = 20

Told = Callable[[int, int], None]
"""Is told how much is done, of how much."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file whose bytes have to be there."""

    id: str
    size_bytes: int
    sha256: str

    @property
    def blob(self) -> str:
        return f"{self.id[:2]}/{self.id}"


def copy(source: Path, target: Path, *, told: Told) -> None:
    """Writes the database at `source`, as it is at this moment, to `target`. Nobody who writes to it has to wait."""
    with closing(_opened(source)) as original, closing(sqlite3.connect(target)) as made:
        target.chmod(0o600)
        # One moment for all steps: without it each write of the server's would make the copy begin anew.
        original.execute("BEGIN")
        original.execute("SELECT COUNT(*) FROM migrations").fetchone()

        def tell(_: int, left: int, total: int) -> None:
            told(total - left, total)

        original.backup(made, pages=PAGES_AT_ONCE, progress=tell, sleep=0)
        # A copy is one file, without a log beside it.
        made.execute("PRAGMA journal_mode=DELETE")


def kept_files(database: Path) -> Iterator[Kept]:
    """Every file of a copied database whose bytes have to be there."""
    with closing(_opened(database)) as connection:
        for row in connection.execute(
            f"SELECT id, size_bytes, sha256 FROM files WHERE {HAS_BYTES} ORDER BY id"
        ):
            yield Kept(*row)


def problems(database: Path) -> list[str]:
    """What is wrong with a copied database, a sentence each. Raises Error(UNAVAILABLE) when it is too new."""
    try:
        with closing(_opened(database)) as connection:
            found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({PROBLEMS_MAX})")]
            astray = connection.execute("PRAGMA foreign_key_check").fetchmany(PROBLEMS_MAX)
            schema.missing(SqliteConnection(connection))
    except sqlite3.Error as error:
        return [f"The database cannot be read: {error}."]
    damaged = [f"The database is damaged: {each}." for each in found if each != "ok"]
    return damaged + [f"A row of {row[0]} names one of {row[2]} that is not there." for row in astray]


def _opened(database: Path) -> sqlite3.Connection:
    # Not read-only: the log of a server that was killed has to be read in first.
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)

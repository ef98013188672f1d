"""The copy of a Postgres database as it lies in a backup, which needs no Postgres to be looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from foretell.store import schema
from foretell.store.backups import Kept

DUMP, FILES = "foretell.dump", "files.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """What was dumped: by which major version, of which schema, with which migrations; SHA-256s of what was written."""

    postgres: int
    schema: str
    tables: int
    migrations: dict[int, str]
    dump_sha256: str
    files_sha256: str


def kept_files(folder: Path) -> Iterator[Kept]:
    """Every file of a dumped database whose bytes have to be there."""
    with (folder / FILES).open("rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=Kept)


def problems(folder: Path, dump: Dump) -> list[str]:
    """What is wrong with a dump, a sentence each. Raises Error(UNAVAILABLE) when it is too new."""
    schema.lacking(dump.migrations)
    found = []
    for name, expected in ((DUMP, dump.dump_sha256), (FILES, dump.files_sha256)):
        try:
            if digest(folder / name) != expected:
                found.append(f"{name} has other bytes than it had.")
        except OSError as error:
            found.append(f"{name} cannot be read: {error.strerror}.")
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

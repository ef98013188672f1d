"""The files that a predictor gives: moved into the run's folder, or copied if they are not its to lose."""

from __future__ import annotations

import io
import pathlib
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from typing import Any, Optional

NAME_BYTES_MAX = 200
ENDING_CHARACTERS_MAX = 20
COPY_BYTES = 1024 * 1024
CLOCK_STEP_SECONDS = 0.02
"""A file's time may be this much behind the clock."""


class Unreadable(Exception):
    """There is no such file, or it is not a regular one. The message is a sentence that names it."""


class Handover:
    """The files of one run, in the folder `out` of its own, each with a number before its name."""

    def __init__(self, folder: str, values: dict[str, Any]) -> None:
        self._begun_at = time.time()
        self._folder_name = folder
        self._values = values
        # What is within a value a predictor may change; that has to be looked at before.
        self._within = [text for value in values.values() if not _is_plain(value) for text in _texts(value)]
        self._given: dict[pathlib.Path, pathlib.Path] = {}
        self._count = 0

    def take(self, file: Any) -> str:
        """The path in the run's folder, of a file or of what an open file holds. Raises `Unreadable`."""
        destination = self._destination(_name(file))
        if isinstance(file, io.IOBase):
            _write(file, destination)
        else:
            self._fetch(pathlib.Path(file).absolute(), destination)
        return destination.relative_to(self._folder).as_posix()

    @property
    def _folder(self) -> pathlib.Path:
        return pathlib.Path(self._folder_name)

    def _destination(self, name: str) -> pathlib.Path:
        # A run that was sent ahead has no folder before it needs one.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._folder / "out"
        folder.mkdir(exist_ok=True)
        self._count += 1
        return folder / f"{self._count - 1}-{_short(name)}"

    def _fetch(self, source: pathlib.Path, destination: pathlib.Path) -> None:
        # A path that is given twice: the first time, its file was moved away.
        found = source if source.exists() else self._given.get(source, source)
        status = _status(found, named=source)
        if self._is_to_move(found, status):
            shutil.move(str(found), str(destination))
            self._given[source] = destination
        else:
            shutil.copyfile(found, destination)

    def _is_to_move(self, path: pathlib.Path, status: Any) -> bool:
        """True where nobody else can miss the file: written by this run, into a place for such files."""
        if status.st_mtime < self._begun_at - CLOCK_STEP_SECONDS:
            return False
        if (
            path.is_symlink()
            or status.st_nlink != 1
            or str(path) in self._within
            or str(path) in self._values.values()
            or path in self._given.values()
        ):
            return False
        places = (self._folder, pathlib.Path(tempfile.gettempdir()), pathlib.Path.cwd())
        return any(place.resolve() in path.resolve().parents for place in places)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, (list, dict))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _name(file: Any) -> str:
    name: Optional[Any] = file if isinstance(file, pathlib.PurePath) else getattr(file, "name", None)
    return pathlib.PurePath(name).name if isinstance(name, (str, pathlib.PurePath)) else "output.bin"


def _short(name: str) -> str:
    """The name in at most `NAME_BYTES_MAX` bytes, its ending kept."""
    plain = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in name)
    path = pathlib.PurePath(plain.encode("utf-8", "replace").decode("utf-8"))
    ending = path.suffix[:ENDING_CHARACTERS_MAX]
    room = NAME_BYTES_MAX - len(ending.encode())
    return (path.stem.encode()[:room].decode("utf-8", "ignore") or "output") + ending


def _status(path: pathlib.Path, *, named: pathlib.Path) -> Any:
    try:
        status = path.stat()
    except OSError as error:
        raise Unreadable(f"the output file {named} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(f"the output file {named} is not a regular file")
    return status


def _write(file: Any, path: pathlib.Path) -> None:
    if file.seekable():
        file.seek(0)
    with path.open("wb") as kept:
        for chunk in iter(lambda: file.read(COPY_BYTES), None):
            if not chunk:
                return
            kept.write(chunk.encode() if isinstance(chunk, str) else chunk)

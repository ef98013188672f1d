"""What a predictor gives, made into JSON and files in the run's folder."""

from __future__ import annotations

import io
import math
import os
import pathlib
import shutil
import stat
import tempfile
from enum import Enum
from typing import Any, Optional

from . import shape

DEPTH_MAX = 60
"""The link allows 64; the frame around a value has its own."""

NAME_BYTES_MAX = 200

File = dict[str, Any]


class BadOutput(Exception):
    """The value cannot be an output. The message is a sentence for the model's author."""


class TooLarge(Exception):
    """The value is too deep or too long to be an output."""


class Output:
    """The outputs of one run: its files are moved into the folder `out` of the run's folder, and counted on."""

    def __init__(self, folder: pathlib.Path, hint: Any) -> None:
        self._folder = folder
        self._hint = hint
        self._count = 0
        self._moved: dict[str, pathlib.Path] = {}

    def take(self, value: Any) -> tuple[Any, list[File]]:
        """The value as JSON with None in place of each file, and the files. Raises `BadOutput` and `TooLarge`."""
        if not shape.fits(_bare(value), self._hint):
            raise BadOutput(
                f"the predictor gave {_described(value)}, but its annotation says {shape.name(self._hint)}"
            )
        files: list[File] = []
        return self._plain(value, [], files), files

    def _plain(self, value: Any, at: list[Any], files: list[File]) -> Any:
        if len(at) > DEPTH_MAX:
            raise TooLarge(f"the output is nested deeper than {DEPTH_MAX} levels")
        value = _bare(value)
        if isinstance(value, (pathlib.PurePath, io.IOBase)):
            files.append({"at": at, "path": self._stored(value)})
            return None
        if isinstance(value, (list, tuple)):
            return [self._plain(item, [*at, index], files) for index, item in enumerate(value)]
        parts = shape.named_values(value)
        if parts is not None:
            return {_key(key): self._plain(item, [*at, key], files) for key, item in parts.items()}
        return _scalar(value)

    def _stored(self, file: Any) -> str:
        path = self._destination(_file_name(file))
        if isinstance(file, io.IOBase):
            _write(file, path)
        else:
            self._fetch(pathlib.Path(file), path)
        return str(path.relative_to(self._folder))

    def _destination(self, name: str) -> pathlib.Path:
        folder = self._folder / "out"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self._count}-{_short(name)}"
        self._count += 1
        return path

    def _fetch(self, source: pathlib.Path, destination: pathlib.Path) -> None:
        # The same path given twice: the first time it was moved away.
        given = self._moved.get(os.path.abspath(source), source) if not source.exists() else source
        status = _status(given, named=source)
        if self._is_ours(given, status):
            os.replace(given, destination)
            self._moved[os.path.abspath(source)] = destination
        else:
            shutil.copyfile(given, destination)

    def _is_ours(self, path: pathlib.Path, status: os.stat_result) -> bool:
        """True where moving the file takes it from nobody: a lone file that this run wrote into a place for such."""
        if path.is_symlink() or status.st_nlink != 1 or path in self._moved.values():
            return False
        absolute = os.path.abspath(path)
        if os.path.commonpath([absolute, os.path.abspath(self._folder)]) == os.path.abspath(self._folder):
            return not _is_beneath(absolute, self._folder / "in")
        places = (pathlib.Path(tempfile.gettempdir()), pathlib.Path.cwd())
        return (
            any(_is_beneath(absolute, place) for place in places)
            and status.st_dev == self._folder.stat().st_dev
        )


def _bare(value: Any) -> Any:
    """numpy's and torch's numbers and arrays as Python's; an Enum's value."""
    if isinstance(value, Enum):
        return value.value
    tolist = getattr(value, "tolist", None)
    return tolist() if callable(tolist) and not isinstance(value, type) else value


def _scalar(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadOutput(f"the output contains {value}, which JSON cannot say")
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise BadOutput(f"the output contains {_described(value)}, which is neither JSON nor a file")


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadOutput("the output contains text that is not Unicode") from error
    return str(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise BadOutput(f"the output has {_described(key)} as a key, where JSON has text")
    return _text(key)


def _described(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (list, tuple)) and value:
        return f"a {type(value).__name__} of {type(value[0]).__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _status(path: pathlib.Path, *, named: pathlib.Path) -> os.stat_result:
    try:
        status = path.stat()
    except OSError as error:
        raise BadOutput(f"the output file {named} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise BadOutput(f"the output file {named} is not a regular file")
    return status


def _file_name(file: Any) -> str:
    name: Optional[Any] = file if isinstance(file, pathlib.PurePath) else getattr(file, "name", None)
    return pathlib.PurePath(name).name if isinstance(name, (str, pathlib.PurePath)) else "output.bin"


def _short(name: str) -> str:
    """The name in at most `NAME_BYTES_MAX` bytes, its ending kept."""
    text = (
        "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name)
        .encode("utf-8", "replace")
        .decode()
    )
    stem, ending = os.path.splitext(text)
    ending = ending[:20]
    room = NAME_BYTES_MAX - len(ending.encode())
    return (stem.encode()[:room].decode("utf-8", "ignore") or "output") + ending


def _write(file: io.IOBase, path: pathlib.Path) -> None:
    if file.seekable():
        file.seek(0)
    with open(path, "wb") as kept:
        while True:
            chunk = file.read(1024 * 1024)  # type: ignore[attr-defined]
            if not chunk:
                return
            kept.write(chunk.encode() if isinstance(chunk, str) else chunk)


def _is_beneath(absolute: str, folder: pathlib.Path) -> bool:
    root = os.path.realpath(folder)
    return os.path.realpath(absolute).startswith(root + os.sep)

"""Whether a file or directory is what its SHA-256 says, found out once and remembered."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CHUNK_BYTES = 1024**2


class Stamps:
    """Remembers which paths were verified, by their sizes and times of change, so that starts are quick."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, path: Path, sha256: str) -> bool:
        """Whether `path` was found to be `sha256` and has not changed since."""
        try:
            return self._stamp(path, sha256).read_text() == _facts(path)
        except FileNotFoundError:
            return False

    def put(self, path: Path, sha256: str) -> None:
        """Remembers that `path` is `sha256`."""
        stamp = self._stamp(path, sha256)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(_facts(path))

    def _stamp(self, path: Path, sha256: str) -> Path:
        return self._folder / hashlib.sha256(f"{sha256} {path}".encode()).hexdigest()[:32]


async def digest(path: Path) -> str:
    """The SHA-256 of a file; of a directory, that of its sorted lines `sha256  relative/path\\n`.

    Read in a thread, which ends soon after a cancel.
    """
    found: str = await in_thread(_digest, path)
    return found


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files below a directory."""
    return path.stat().st_size if path.is_file() else sum(each.stat().st_size for each in _files(path))


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """`work(*arguments, stop)` in a thread; `stop` is an event that is set when the caller is canceled."""
    stop = threading.Event()
    try:
        return await asyncio.to_thread(work, *arguments, stop)
    finally:
        stop.set()


def check_going(stop: threading.Event) -> None:
    """Raises InterruptedError once `stop` is set."""
    if stop.is_set():
        raise InterruptedError("canceled")


def _digest(path: Path, stop: threading.Event) -> str:
    if not path.is_dir():
        return _file_digest(path, stop)
    lines = sorted(
        f"{_file_digest(each, stop)}  {each.relative_to(path).as_posix()}\n" for each in _files(path)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _file_digest(path: Path, stop: threading.Event) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            check_going(stop)
            found.update(chunk)
    return found.hexdigest()


def _facts(path: Path) -> str:
    lines = [f"{path.stat().st_size} {path.stat().st_mtime_ns}"] if path.is_file() else []
    for each in _files(path):
        lines.append(f"{each.stat().st_size} {each.stat().st_mtime_ns} {each.relative_to(path)}")
    return "\n".join(sorted(lines))


def _files(path: Path) -> Iterator[Path]:
    return (each for each in path.rglob("*") if each.is_file()) if path.is_dir() else iter(())

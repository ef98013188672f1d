"""Where the bytes of files lie: a directory, or a bucket of any S3-compatible service."""

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from foretell.blobs import directory, kept
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.ids import new_token

if TYPE_CHECKING:
    from foretell.blobs.objects import Objects

WINDOW_BYTES = 4 * 1024**2
"""How much one read asks of the store at a time, and so what a reader holds in memory."""

_log = logging.getLogger(__name__)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def open_blobs(config: Config) -> "Blobs":
    """The blobs that `config` names. A bucket's credentials come from the usual `AWS_…` variables."""
    staging = config.data_path / "staging"
    if not config.blobs:
        root = config.data_path / "blobs"
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Blobs(lambda: _directory(root), staging, root=root, flush=config.durability == "power")
    objects = _bucket(config)
    return Blobs(lambda: objects, staging)


class Blobs:
    """Named byte strings, each whole or absent: nobody ever sees half of one under its name."""

    def __init__(
        self,
        objects: "Callable[[], Objects]",
        staging: Path,
        *,
        root: Path | None = None,
        flush: bool = False,
    ) -> None:
        """`root`: the directory behind local `objects`; `flush`: what is put there survives power loss."""
        self._opened = objects
        self._staging = staging
        self._root = root
        self._flush = flush
        staging.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keeping = staging.with_name("erasing.lock")

    async def put_file(self, name: str, path: Path) -> None:
        """Keeps the file at `path` as `name`; `path` is gone afterwards.

        Error(UNAVAILABLE) when it cannot be stored: then nothing is left behind, and `path` is still there.
        """
        await self.put_files({name: path})

    async def prepare_files(self, paths: Mapping[str, Path]) -> None:
        """Does ahead what takes its time when files are put, and shows nothing. Error(UNAVAILABLE)."""
        if self._root is not None and self._flush:
            with _storing():
                await asyncio.to_thread(directory.prepare, dict(paths), self._root)

    async def put_files(self, paths: dict[str, Path], *, are_prepared: bool = False) -> None:
        """Keeps each file under its name; `paths` is empty afterwards, and so are the places that it named.

        Error(UNAVAILABLE) when one cannot be stored: then `paths` has those that are not kept.
        """
        with _storing():
            if self._root is not None:
                is_to_prepare = self._flush and not are_prepared
                await asyncio.to_thread(
                    directory.move, paths, self._root, flush=self._flush, prepared=not is_to_prepare
                )
                return
            for name, path in tuple(paths.items()):
                await self._objects.put(name, path)
                await asyncio.to_thread(path.unlink)
                del paths[name]

    async def put_bytes(self, name: str, data: bytes) -> None:
        """Keeps `data` as `name`. Error(UNAVAILABLE) when it cannot be stored; then nothing is left behind."""
        if self._root is None:
            with _storing():
                await self._objects.put(name, data)
            return
        staged = self._staged()
        try:
            with _storing():
                await asyncio.to_thread(staged.write_bytes, data)
                await self.put_file(name, staged)
        finally:
            staged.unlink(missing_ok=True)

    async def put_stream(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        bytes_max: int,
        announce: Callable[[int, str], Awaitable[None]] | None = None,
    ) -> tuple[int, str]:
        """Keeps what `chunks` yield as `name` and returns its size and SHA-256.

        `announce` is told them once all bytes have come, before there is a blob of that name. Error(TOO_LARGE)
        beyond `bytes_max`, Error(UNAVAILABLE) when it cannot be stored. Whatever ends the stream early, nothing is
        left behind.
        """
        staged = self._staged()
        try:
            found = await _written(staged, chunks, bytes_max=bytes_max)
            if announce is not None:
                await announce(*found)
            await self.put_file(name, staged)
        finally:
            staged.unlink(missing_ok=True)
        return found

    async def read(self, name: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`.

        Error(FILE_NOT_FOUND) on the first step if there is no such blob.
        """
        try:
            async for part in self._objects.parts(name, start, end, part_bytes=WINDOW_BYTES):
                yield part
        except FileNotFoundError as error:
            raise Error(Code.FILE_NOT_FOUND, "There is no such file.") from error

    async def save(self, name: str, path: Path) -> None:
        """Writes the blob to a local file, which appears whole or not at all."""
        partial = path.with_name(f".{path.name}.{new_token(64)}")
        try:
            await _written(partial, self.read(name), bytes_max=None)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    async def delete(self, names: Sequence[str]) -> None:
        """Erases the blobs; those that are not there are fine."""
        if not names:
            return
        try:
            await self._objects.delete(names)
        except FileNotFoundError:
            for name in names:
                await self._delete_one(name)

    def erasing(self) -> AbstractContextManager[bool]:
        """Whether blobs may be erased until the block ends: not while somebody copies them."""
        return kept.erasing(self._keeping)

    def keeping(self) -> AbstractContextManager[None]:
        """Until the block ends, the janitors of this machine erase no blob. Waits for what one is erasing just now."""
        return kept.keeping(self._keeping)

    async def folder(self, prefix: str) -> dict[str, float]:
        """The blobs whose names begin with `prefix/`, each with how many seconds ago it was put; names without it."""
        now = time.time()
        if self._root is not None:
            return await asyncio.to_thread(_ages, self._root / prefix, now)
        found = await self._objects.beneath(f"{prefix}/")
        return {path.rsplit("/", 1)[-1]: now - put_at.timestamp() for path, put_at in found}

    async def clear_staged(self, *, older_than_seconds: float) -> None:
        """Removes what was being put when its process was killed."""
        await asyncio.to_thread(_clear, self._staging, time.time() - older_than_seconds)

    async def _delete_one(self, name: str) -> None:
        try:
            await self._objects.delete([name])
        except FileNotFoundError:
            return

    @cached_property
    def _objects(self) -> "Objects":
        return self._opened()

    def _staged(self) -> Path:
        return self._staging / new_token(96)


@contextlib.contextmanager
def _storing() -> Iterator[None]:
    """Makes what keeps bytes from being stored an answer: it may be otherwise soon."""
    try:
        yield
    except OSError as error:
        is_full = error.errno in _FULL
        message = "There is no room for the file now." if is_full else "Files cannot be stored now."
        _log.warning("a file could not be stored: %s", error)
        raise Error(Code.UNAVAILABLE, message, retry_after_seconds=60) from error


def _directory(root: Path) -> "Objects":
    # Only here: it holds 4 MB, and a server writes to its own disk without it.
    from foretell.blobs.objects import directory

    return directory(root)


def _bucket(config: Config) -> "Objects":
    from foretell.blobs.objects import bucket

    name, _, prefix = config.blobs.removeprefix("s3://").partition("/")
    return bucket(name, prefix.strip("/"), config.s3_endpoint)


async def _written(path: Path, chunks: AsyncIterator[bytes], *, bytes_max: int | None) -> tuple[int, str]:
    """Writes `chunks` to `path`, flushing nothing; size and SHA-256."""
    digest = hashlib.sha256()
    size = 0
    with _storing():
        file = path.open("wb")
    with file:
        async for chunk in chunks:
            size += len(chunk)
            if bytes_max is not None and size > bytes_max:
                raise Error(Code.TOO_LARGE, f"The file is larger than the maximum of {bytes_max} bytes.")
            with _storing():
                await asyncio.to_thread(_append, file, digest, chunk)
        with _storing():
            await asyncio.to_thread(file.flush)
    return size, digest.hexdigest()


def _append(file: BinaryIO, digest: "hashlib._Hash", chunk: bytes) -> None:
    file.write(chunk)
    digest.update(chunk)


def _clear(folder: Path, before: float) -> None:
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _ages(folder: Path, now: float) -> dict[str, float]:
    try:
        with os.scandir(folder) as entries:
            return {each.name: now - each.stat(follow_symlinks=False).st_mtime for each in entries}
    except FileNotFoundError:
        return {}

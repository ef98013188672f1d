"""Fetching a hub's repository, file by file: each is checked when it has come, and not fetched again."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from foretell.errors import Code, Error
from foretell.weights.digests import CHUNK_BYTES, check_going, in_thread
from foretell.weights.downloads import download
from foretell.weights.hub import Hub, HubFile, Listing, Repository

AT_ONCE = 4
OnBytes = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which files of a repository."""

    repository: Repository
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()


@dataclass(slots=True)
class _Progress:
    """How many bytes of how many have come, over all files."""

    total: int
    tell: OnBytes
    done: dict[str, int] = field(default_factory=dict)

    def heard(self, path: str, done: int) -> None:
        self.done[path] = done
        self.tell(sum(self.done.values()), self.total)


async def fetch_repository(hub: Hub, wanted: Wanted, folder: Path, on_progress: OnBytes) -> Listing:
    """Completes `folder`, which may hold some of them, with the files that are wanted; which they are.

    Error(UNAVAILABLE) when there is no such repository, when nothing in it matches, or when it cannot be read.
    """
    listed = await hub.listing(wanted.repository)
    listing = listed.chosen(wanted.include, wanted.exclude)
    if not listing.files:
        raise Error(Code.UNAVAILABLE, f"{wanted.repository.name} has no file that matches 'include'.")
    progress = _Progress(sum(each.size_bytes for each in listing.files.values()), on_progress)
    await asyncio.to_thread(_forget_others, folder, listing)
    gate = asyncio.Semaphore(AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            for path in sorted(listing.files):
                group.create_task(_fetch_file(hub, listing, path, folder, progress, gate))
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    return listing


async def _fetch_file(
    hub: Hub, listing: Listing, path: str, folder: Path, progress: _Progress, gate: asyncio.Semaphore
) -> None:
    said, target = listing.files[path], folder / path
    async with gate:
        if target.exists():
            progress.heard(path, said.size_bytes)
            return
        part = target.with_name(f".{target.name}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        continued = part.exists()
        await _download(hub, listing.repository, path, part, said, progress)
        if not await in_thread(_is, part, said):
            part.unlink()
            if continued:  # what was there before may have been of another file
                await _download(hub, listing.repository, path, part, said, progress)
            if not continued or not await in_thread(_is, part, said):
                part.unlink(missing_ok=True)
                raise Error(Code.UNAVAILABLE, f"{path} of {listing.repository.name} came damaged.")
        part.rename(target)


async def _download(
    hub: Hub, repository: Repository, path: str, part: Path, said: HubFile, progress: _Progress
) -> None:
    if not said.size_bytes:
        await asyncio.to_thread(part.touch)
        return
    await download(
        hub.address(repository, path),
        part,
        headers=hub.headers,
        bytes_max=said.size_bytes,
        on_progress=lambda done, _: progress.heard(path, done),
    )


def _is(path: Path, said: HubFile, stop: threading.Event) -> bool:
    """Whether a file is the one that the hub told of. Git hashes a blob's length with it."""
    size = path.stat().st_size
    if size != said.size_bytes:
        return False
    if not (said.sha256 or said.git_sha1):
        return True
    found = (
        hashlib.sha256() if said.sha256 else hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    )
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            check_going(stop)
            found.update(chunk)
    return found.hexdigest() == (said.sha256 or said.git_sha1)


def _forget_others(folder: Path, listing: Listing) -> None:
    """What an earlier try at another commit has left may have the same name and another content."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder.with_name(f"{folder.name}.commit")
    if not mark.exists() or mark.read_text() != listing.repository.revision:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        mark.write_text(listing.repository.revision)

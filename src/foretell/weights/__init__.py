"""The weights of models: fetched once, verified once, shared by everything on this machine."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from foretell.errors import Code, Error
from foretell.model import Manifest, Weight
from foretell.weights import archives
from foretell.weights.claims import Claims
from foretell.weights.digests import Stamps, digest, in_thread, size_of
from foretell.weights.downloads import BYTES_MAX
from foretell.weights.environments import Environments
from foretell.weights.hub import HUB, Hub, Listing, Repository, repository_of
from foretell.weights.locks import only_one
from foretell.weights.sources import Request, fetch

__all__ = ["Claims", "Environments", "Hub", "Listing", "Repository", "Weights"]

OnProgress = Callable[[str, int, int], None]
"""Hears the name of a weight, its bytes done, and its bytes in all (0: not known yet)."""


class Weights:
    """A cache directory's weights, each under its SHA-256; safe to delete while no model is loaded."""

    def __init__(
        self,
        cache_path: Path,
        *,
        environment: Mapping[str, str] = os.environ,
        claims: Claims | None = None,
    ) -> None:
        """`environment` may name another hub (`HF_ENDPOINT`) and a token for it (`HF_TOKEN`).

        With `claims` it is written down that what is asked for is needed.
        """
        self._claims = claims
        self._cache_path = cache_path
        self._folder = cache_path / "weights"
        self._stamps = Stamps(self._folder / "verified")
        self.hub = Hub(environment.get("HF_ENDPOINT") or HUB, environment.get("HF_TOKEN", ""))

    def is_ready(self, manifest: Manifest) -> bool:
        """Whether `ready` would answer without fetching or verifying anything."""
        return all(self._is_there(self._path(manifest, each), each) for each in manifest.weights)

    async def ready(self, manifest: Manifest, on_progress: OnProgress | None = None) -> dict[str, Path]:
        """Where each of the manifest's weights lies, verified; what is missing is fetched first.

        Error(UNAVAILABLE) says which weight cannot be had, and why. A cancel leaves the part that came for
        the next call.
        """
        found = {}
        for weight in manifest.weights:
            if self._claims is not None and weight.sha256:
                self._claims.claim(weight.sha256)
            found[weight.name] = (await self._tried(manifest, weight, on_progress))[0]
        return found

    async def pinned(self, manifest: Manifest, on_progress: OnProgress | None = None) -> tuple[Weight, ...]:
        """The manifest's weights, each with its SHA-256 and its size; one that does not say them is fetched to know.

        A branch or a tag becomes the commit that it is now. Raises what `ready` raises.
        """
        found = []
        for weight in manifest.weights:
            if weight.sha256:
                found.append(weight)
                continue
            path, sha256, source = await self._tried(manifest, weight, on_progress)
            size_bytes = await asyncio.to_thread(size_of, path)
            found.append(replace(weight, source=source, sha256=sha256, size_bytes=size_bytes))
        return tuple(found)

    async def _tried(
        self, manifest: Manifest, weight: Weight, on_progress: OnProgress | None
    ) -> tuple[Path, str, str]:
        """Where a weight lies, its SHA-256, and its source, fixed to a commit."""
        report = partial(on_progress or _unheard, weight.name)
        try:
            if weight.sha256:
                return await self._one(manifest, weight, report), weight.sha256, weight.source
            return await self._first(manifest, weight, report)
        except Error as error:
            raise Error(
                error.code, f"Weights '{weight.name}': {error.message}", details=error.details
            ) from error
        except OSError as error:
            message = f"Weights '{weight.name}' could not be kept in {self._folder}: {error.strerror}."
            raise Error(Code.UNAVAILABLE, message) from error

    async def _one(self, manifest: Manifest, weight: Weight, report: Callable[[int, int], None]) -> Path:
        path = self._path(manifest, weight)
        if self._stamps.has(path, weight.sha256):
            return path
        async with only_one(self._folder / f"{weight.sha256}.lock") as lock:
            if self._stamps.has(path, weight.sha256):
                return path
            if weight.source.startswith("file:"):
                await _check(path, weight)
            elif not path.exists() or await digest(path) != weight.sha256:
                partial_folder = self._folder / f"{weight.sha256}.partial"
                await self._fetch(Request(weight, partial_folder, lock, report), path)
            self._stamps.put(path, weight.sha256)
        return path

    async def _first(
        self, manifest: Manifest, weight: Weight, report: Callable[[int, int], None]
    ) -> tuple[Path, str, str]:
        """A weight whose SHA-256 nobody has said: it is what comes."""
        if weight.source.startswith("file:"):
            path = self._path(manifest, weight)
            if not path.exists():
                raise Error(Code.UNAVAILABLE, f"there is no {path}.")
            return path, await digest(path), weight.source
        weight = replace(weight, source=await self._fixed(weight.source))
        mark = hashlib.sha256(repr((weight.source, weight.member, weight.include, weight.exclude)).encode())
        folder = self._folder / f"{mark.hexdigest()}.partial"
        async with only_one(folder.with_suffix(".lock")) as lock:
            folder.mkdir(parents=True, exist_ok=True)
            kept = await self._kept(Request(weight, folder, lock, report))
            sha256 = await digest(kept)
            path = self._path(manifest, replace(weight, sha256=sha256))
            await asyncio.to_thread(_place, kept, path, folder)
        self._stamps.put(path, sha256)
        return path, sha256, weight.source

    async def _fixed(self, source: str) -> str:
        repository = repository_of(source)
        if repository is None:
            return source
        commit = (await self.hub.listing(repository)).repository.revision
        return f"{source.rpartition('@')[0]}@{commit}"

    async def _fetch(self, request: Request, path: Path) -> None:
        continued = any((request.folder / each).exists() for each in ("download", "repository"))
        request.folder.mkdir(parents=True, exist_ok=True)
        kept = await self._kept(request)
        try:
            await _check(kept, request.weight)
        except Error:
            await asyncio.to_thread(archives.clear, request.folder)
            if not continued:
                raise
            await self._fetch(request, path)
            return
        await asyncio.to_thread(_place, kept, path, request.folder)

    async def _kept(self, request: Request) -> Path:
        """Fetches, and takes out the member that is wanted."""
        fetched = await fetch(request, hub=self.hub, cache_path=self._cache_path)
        weight = request.weight
        if weight.member is None:
            return fetched
        kept = request.folder / "member"
        archives.clear(kept)
        await in_thread(archives.extract, fetched, weight.member, kept, weight.size_bytes or BYTES_MAX)
        return kept

    def _path(self, manifest: Manifest, weight: Weight) -> Path:
        if weight.source.startswith("file:"):
            return Path(manifest.folder, weight.source.removeprefix("file:")).resolve()
        return self._folder / (weight.sha256 or "unknown") / weight.name

    def _is_there(self, path: Path, weight: Weight) -> bool:
        if weight.source.startswith("file:") and not weight.sha256:
            return path.exists()
        return self._stamps.has(path, weight.sha256)


async def _check(path: Path, weight: Weight) -> None:
    try:
        found = await digest(path)
    except FileNotFoundError as error:
        raise Error(Code.UNAVAILABLE, f"there is no {path}.") from error
    if found != weight.sha256:
        raise Error(Code.UNAVAILABLE, f"its SHA-256 is {found}, but model.toml says {weight.sha256}.")


def _place(kept: Path, path: Path, folder: Path) -> None:
    """Puts what was fetched under its name, whole or not at all, and clears its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    archives.clear(path)
    kept.rename(path)
    archives.clear(folder)


def _unheard(_name: str, _done: int, _total: int) -> None:
    """Nobody wants to know."""

"""The weights of models: fetched once, verified once, shared by everything on this machine."""

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from foretell.errors import Code, Error
from foretell.model import Manifest, Weight
from foretell.weights import archives
from foretell.weights.digests import Stamps, digest, in_thread
from foretell.weights.downloads import BYTES_MAX
from foretell.weights.environments import Environments
from foretell.weights.locks import only_one
from foretell.weights.sources import HUB, Hub, Request, fetch

__all__ = ["Environments", "Weights"]

OnProgress = Callable[[str, int, int], None]
"""Hears the name of a weight, its bytes done, and its bytes in all (0: not known yet)."""


class Weights:
    """A cache directory's weights, each under its SHA-256; safe to delete while no model is loaded."""

    def __init__(self, cache_path: Path, *, environment: Mapping[str, str] = os.environ) -> None:
        """`environment` may name another hub (`HF_ENDPOINT`) and a token for it (`HF_TOKEN`)."""
        self._cache_path = cache_path
        self._folder = cache_path / "weights"
        self._stamps = Stamps(self._folder / "verified")
        self._hub = Hub(environment.get("HF_ENDPOINT") or HUB, environment.get("HF_TOKEN", ""))

    def is_ready(self, manifest: Manifest) -> bool:
        """Whether `ready` would answer without fetching or verifying anything."""
        return all(self._stamps.has(self._path(manifest, each), each.sha256) for each in manifest.weights)

    async def ready(self, manifest: Manifest, on_progress: OnProgress | None = None) -> dict[str, Path]:
        """Where each of the manifest's weights lies, verified; what is missing is fetched first.

        Error(UNAVAILABLE) says which weight cannot be had, and why. A cancel leaves the part that came for
        the next call.
        """
        found = {}
        for weight in manifest.weights:
            report = partial(on_progress or _unheard, weight.name)
            try:
                found[weight.name] = await self._one(manifest, weight, report)
            except Error as error:
                raise Error(
                    error.code, f"Weights '{weight.name}': {error.message}", details=error.details
                ) from error
            except OSError as error:
                message = f"Weights '{weight.name}' could not be kept in {self._folder}: {error.strerror}."
                raise Error(Code.UNAVAILABLE, message) from error
        return found

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

    async def _fetch(self, request: Request, path: Path) -> None:
        continued = (request.folder / "download").exists()
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
        fetched = await fetch(request, hub=self._hub, cache_path=self._cache_path)
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
        return self._folder / weight.sha256 / weight.name


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

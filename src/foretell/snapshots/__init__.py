"""Snapshots: the copies of model folders that were added, one for each version, that nobody changes."""

import asyncio
import contextlib
import shutil
import tarfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from foretell.blobs import Blobs
from foretell.catalog import files_of
from foretell.errors import Code, Error
from foretell.ids import new_token
from foretell.model import Manifest, Version, Weight
from foretell.snapshots.copying import link_or_copy
from foretell.weights.locks import only_one

FOLDER = "models"
"""Where they lie in the data directory, and in the blobs."""
STAGED = ".adding-"
PATHS, WEIGHTS = ".paths", ".weights"
"""What a model has outside of its folder lies here in its snapshot. What begins with a dot is not read as its own."""


class Snapshots:
    """The snapshots of a data directory. Where machines share a database, each fetches those that it lacks."""

    def __init__(self, data_path: Path, blobs: Blobs, *, travel: bool) -> None:
        """`travel`: other machines need them as well, so that they are kept among the blobs."""
        self._data_path = data_path
        self._root = data_path / FOLDER
        self._blobs = blobs
        self._travel = travel

    def staging(self, addition_id: str) -> Path:
        """A fresh folder to work in, for an addition."""
        path = self._root / f"{STAGED}{addition_id}"
        path.mkdir(mode=0o700, parents=True)
        return path

    def take(self, version: Version, staging: Path) -> Version:
        """The version with its folder copied into `staging`, to be settled. Blocks.

        Error(CONFLICT) when the folder changed meanwhile; OSError when it cannot be copied.
        """
        manifest, copy = version.manifest, staging / "snapshot"
        weights = {
            path for each in manifest.weights if (path := _inside(manifest, each)) is not None and each.sha256
        }
        try:
            for number, root in enumerate((manifest.folder, *manifest.paths)):
                _copy_tree(Path(root), _place(copy, number), weights if number == 0 else ())
        except FileNotFoundError as error:
            message = f"{error.filename} was there and is gone: the folder is being changed. Add it again."
            raise Error(Code.CONFLICT, message) from error
        kept = tuple(self._with_weight(manifest, each, copy) for each in manifest.weights)
        home = f"{FOLDER}/{_plain(version.model)}/{version.id}"
        paths = tuple(f"{home}/{PATHS}/{number}" for number in range(1, len(manifest.paths) + 1))
        return replace(version, manifest=replace(manifest, folder=home, paths=paths, weights=kept))

    def copied(self, version: Version, staging: Path) -> Manifest:
        """The manifest of a taken version whose folder is still the copy in `staging`."""
        paths = (str(staging / "snapshot" / PATHS / Path(each).name) for each in version.manifest.paths)
        return replace(version.manifest, folder=str(staging / "snapshot"), paths=tuple(paths))

    async def settle(self, version: Version, staging: Path) -> None:
        """Puts a taken snapshot where it stays, whole or not at all. One that is there already is left alone.

        Raises Error(UNAVAILABLE) when it cannot be kept for other machines.
        """
        home = self._data_path / version.manifest.folder
        if not home.exists():
            await asyncio.to_thread(_move, staging / "snapshot", home)
        if self._travel:
            packed = staging / "packed.tar"
            await asyncio.to_thread(_pack, home, packed)
            await self._blobs.put_file(_blob(version), packed)

    def located(self, manifest: Manifest) -> Manifest:
        """The manifest with absolute folders, whether they are there or not."""
        if not manifest.is_snapshot:
            return manifest
        paths = tuple(str(self._data_path / each) for each in manifest.paths)
        return replace(manifest, folder=str(self._data_path / manifest.folder), paths=paths)

    async def placed(self, version: Version) -> Manifest:
        """The version's manifest with absolute folders that are there, fetched if this machine lacks them.

        Raises Error(UNAVAILABLE) when they are nowhere.
        """
        manifest = self.located(version.manifest)
        home = Path(manifest.folder)
        if not version.manifest.is_snapshot or await asyncio.to_thread(home.is_dir):
            return manifest
        async with only_one(self._root / f"{STAGED}{version.id}.lock"):
            if not await asyncio.to_thread(home.is_dir):
                await self._fetch(version, home)
        return manifest

    async def erase(self, version: Version) -> None:
        """Takes a snapshot away, here and among the blobs; other machines sweep theirs."""
        home = self._data_path / version.manifest.folder
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
        await asyncio.to_thread(_remove_empty, home.parent)
        if self._travel:
            await self._blobs.delete([_blob(version)])

    def sweep(self, known: Collection[str], running: Collection[str]) -> None:
        """Takes away the folders of versions that are not `known`, and what additions that are not `running` left."""
        if not self._root.is_dir():
            return
        for path in self._root.iterdir():
            if path.name.startswith(STAGED):
                if path.name.removeprefix(STAGED) not in running:
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                continue
            for home in path.iterdir() if path.is_dir() else ():
                if home.name not in known:
                    shutil.rmtree(home, ignore_errors=True)
            _remove_empty(path)

    async def _fetch(self, version: Version, home: Path) -> None:
        staged = self._root / f"{STAGED}{version.id}.{new_token(64)}"
        try:
            staged.mkdir(mode=0o700, parents=True)
            await self._blobs.save(_blob(version), staged / "packed.tar")
            await asyncio.to_thread(_unpack, staged / "packed.tar", staged / "snapshot")
            await asyncio.to_thread(_move, staged / "snapshot", home)
        except Error as error:
            message = (
                f"The folder of {version.model}:{version.id} is neither on this machine nor among the files."
            )
            raise Error(Code.UNAVAILABLE, message) from error
        finally:
            await asyncio.to_thread(shutil.rmtree, staged, ignore_errors=True)

    def _with_weight(self, manifest: Manifest, weight: Weight, copy: Path) -> Weight:
        """What lies in the folder goes with it; what lies elsewhere stays there, unless other machines need it."""
        if not weight.source.startswith("file:"):
            return weight
        path = Path(manifest.folder, weight.source.removeprefix("file:")).resolve()
        inside = _inside(manifest, weight)
        if inside is None and not self._travel:
            return replace(weight, source=f"file:{path}")
        place = (
            Path(WEIGHTS, weight.name)
            if inside is None
            else path.relative_to(Path(manifest.folder).resolve())
        )
        if weight.sha256:
            _link_tree(path, copy / place)
        return replace(weight, source=f"file:{place.as_posix()}")


def _move(snapshot: Path, home: Path) -> None:
    """Puts a snapshot at its place, also while the folder of a model that has no other version is taken away."""
    for is_last in (False, False, True):
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            snapshot.rename(home)
        except FileNotFoundError:
            if is_last:
                raise
        else:
            return


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _inside(manifest: Manifest, weight: Weight) -> Path | None:
    """Where a weight lies in the model's folder; None: elsewhere."""
    if not weight.source.startswith("file:"):
        return None
    path = Path(manifest.folder, weight.source.removeprefix("file:")).resolve()
    return path if path.is_relative_to(Path(manifest.folder).resolve()) else None


def _place(copy: Path, number: int) -> Path:
    return copy / PATHS / str(number) if number else copy


def _copy_tree(root: Path, target: Path, weights: Collection[Path]) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in files_of(root, weights):
        place = target / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)


def _link_tree(path: Path, target: Path) -> None:
    if path.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(path, target)
        return
    for each in path.rglob("*"):
        if each.is_file():
            place = target / each.relative_to(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(each, place)


def _pack(home: Path, packed: Path) -> None:
    with tarfile.open(packed, "w") as archive:
        archive.add(home, arcname=".")


def _unpack(packed: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    with tarfile.open(packed) as archive:
        archive.extractall(target, filter="data")


def _blob(version: Version) -> str:
    return f"{FOLDER}/{version.id}.tar"


def _plain(name: str) -> str:
    """A model's name as the name of one folder."""
    return name.replace("/", "~")

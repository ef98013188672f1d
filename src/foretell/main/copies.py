"""Copies of the files that a database names: into a backup, out of it, and whether they are sound."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from foretell.blobs import Blobs, open_blobs
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.snapshots import FOLDER as MODELS
from foretell.snapshots import STAGED
from foretell.snapshots.copying import link_or_copy
from foretell.store.backups import Kept

BLOBS = "blobs"

Told = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""


def take(config: Config, blobs: Blobs, wanted: Sequence[Kept], folder: Path, *, told: Told) -> list[str]:
    """Copies the blobs to the new directory `folder`; the ids of the files that were not there.

    They were lost before: that is no reason to have no backup of all the rest.
    """
    folder.mkdir(mode=0o700)
    for name in {each.blob.split("/")[0] for each in wanted}:
        (folder / name).mkdir(mode=0o700)
    if config.blobs:
        return asyncio.run(_fetch(blobs, wanted, folder, told))
    missing = []
    for number, each in enumerate(wanted, 1):
        if not _link(config.data_path / BLOBS / each.blob, folder / each.blob):
            missing.append(each.id)
        told("files", number, len(wanted))
    return missing


def bring(config: Config, wanted: Sequence[Kept], source: Path, folder: Path, *, told: Told) -> None:
    """Copies the blobs at `source` to the new directory `folder`, or to the bucket."""
    folder.mkdir(mode=0o700)
    for number, each in enumerate(wanted, 1):
        (folder / each.blob).parent.mkdir(mode=0o700, exist_ok=True)
        _link(source / each.blob, folder / each.blob)
        told("restore", number, len(wanted))
    if config.blobs:
        asyncio.run(_send(open_blobs(config), wanted, folder))


def take_models(source: Path, target: Path) -> None:
    """Copies the folders of models that were added, of those that are whole."""
    if not (source / MODELS).is_dir():
        return
    left_out = shutil.ignore_patterns(f"{STAGED}*")
    shutil.copytree(source / MODELS, target / MODELS, copy_function=link_or_copy, ignore=left_out)


def problems(folder: Path, kept: Kept) -> list[str]:
    """What is wrong with the copy of a file in `folder`, in sentences."""
    try:
        with (folder / kept.blob).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return [f"The file {kept.id} cannot be read: {error.strerror}."]
    return [] if digest == kept.sha256 else [f"The file {kept.id} has other bytes than it had."]


async def _fetch(blobs: Blobs, wanted: Sequence[Kept], folder: Path, told: Told) -> list[str]:
    missing = []
    for number, each in enumerate(wanted, 1):
        try:
            await blobs.save(each.blob, folder / each.blob)
        except Error as error:
            if error.code is not Code.FILE_NOT_FOUND:
                raise
            missing.append(each.id)
        told("files", number, len(wanted))
    return missing


async def _send(blobs: Blobs, wanted: Sequence[Kept], folder: Path) -> None:
    for each in wanted:
        await blobs.put_file(each.blob, folder / each.blob)


def _link(source: Path, target: Path) -> bool:
    """The same bytes under another name: a blob is never changed, so that they need not be there twice.

    False when there are none.
    """
    try:
        os.link(source, target)
    except FileNotFoundError as error:
        if not source.exists():
            return False
        raise error from None
    except OSError:
        shutil.copyfile(source, target)
    return True

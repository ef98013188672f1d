"""Blobs in a directory: files that are moved into it, to stay there whatever happens to the machine."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from foretell.ids import new_token


def prepare(paths: Mapping[str, Path], root: Path) -> None:
    """Does ahead what takes its time and shows nothing: flushes what moves as it is."""
    for name, path in paths.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _moves_as_it_is(path, target):
            _flush(path)


def move(paths: dict[str, Path], root: Path, *, flush: bool, prepared: bool) -> None:
    """Takes out of `paths` what is in its place, for good if `flush`: each folder is flushed once for all its files."""
    moved: dict[str, Path] = {}
    try:
        for name, path in paths.items():
            if not prepared:
                prepare({name: path}, root)
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _move_one(path, target, flush=flush)
            moved[name] = target.parent
    finally:
        for folder in set(moved.values()) if flush else ():
            _flush(folder)
        for name in moved:
            del paths[name]


def _move_one(path: Path, target: Path, *, flush: bool) -> None:
    if _moves_as_it_is(path, target):
        path.replace(target)
        return
    copy = target.with_name(f".{target.name}.{new_token(64)}")
    try:
        shutil.copyfile(path, copy)
        if flush:
            _flush(copy)
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)
    path.unlink()


def _moves_as_it_is(path: Path, target: Path) -> bool:
    """Whether both are in one file system."""
    return path.stat().st_dev == target.parent.stat().st_dev


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

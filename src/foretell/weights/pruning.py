"""Taking out of the cache what nobody needs, unless somebody is just making it."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from foretell.weights import archives
from foretell.weights.digests import size_of
from foretell.weights.locks import is_taken

_ENVIRONMENT = re.compile(r"(own|builtin)-[0-9a-f]+")
_WEIGHT = re.compile(r"[0-9a-f]{64}(\.partial)?")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken away: an environment, or weights by their SHA-256."""

    name: str
    size_bytes: int


def prune_environments(cache_path: Path, needed: Collection[str]) -> list[Pruned]:
    """Takes away the environments whose names are not among the `needed`. Blocks."""
    return list(_pruned(cache_path / "environments", _ENVIRONMENT, needed, also=".log"))


def prune_weights(cache_path: Path, needed: Collection[str]) -> list[Pruned]:
    """Takes away the weights whose SHA-256 is not among the `needed`, and what was fetched of them. Blocks."""
    return list(_pruned(cache_path / "weights", _WEIGHT, needed))


def _pruned(
    folder: Path, pattern: re.Pattern[str], needed: Collection[str], also: str = ""
) -> Iterator[Pruned]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        mark = path.name.split(".")[0]
        if not path.is_dir() or not pattern.fullmatch(path.name) or mark in needed:
            continue
        with _nobody_makes(folder / f"{mark}.lock") as is_free:
            if is_free:
                yield _taken_away(path, path.with_name(f"{path.name}{also}"))


def _taken_away(path: Path, log: Path) -> Pruned:
    size_bytes = size_of(path)
    archives.clear(path)
    log.unlink(missing_ok=True)
    return Pruned(path.name, size_bytes)


@contextmanager
def _nobody_makes(lock: Path) -> Iterator[bool]:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield is_taken(descriptor)
    finally:
        os.close(descriptor)

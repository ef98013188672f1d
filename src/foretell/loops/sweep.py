"""The sweep: slowly through all files, for bytes that no row knows and rows whose bytes are gone."""

import logging
import random
import string
import time
from itertools import cycle

from foretell.blobs import Blobs
from foretell.store import Store

STEP_SECONDS = 5.0
"""How long is waited after each of the steps, which makes a round of some six hours."""
STRANGE_SECONDS = 3_600.0
"""Bytes that nobody knows after so long were left by a server that was killed."""
REPORTED_MAX = 10
"""Names of missing files in one line of the log."""

_LETTERS = string.ascii_letters + string.digits + "-_"
_log = logging.getLogger(__name__)


class Sweep:
    """A walk through all places where blobs lie, in an order of its own, so that restarts favour none."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs
        places = [first + second for first in _LETTERS for second in _LETTERS]
        random.shuffle(places)
        self._places = cycle(places)

    async def step(self) -> float:
        """Looks at the next place; how long to wait before the one after it."""
        await self.look(next(self._places))
        return STEP_SECONDS

    async def look(self, place: str) -> list[str]:
        """Erases what no row knows among the blobs at `place`; the files that miss their bytes, which are reported."""
        # Blobs first: a row is always there before its blob.
        found = await self._blobs.folder(place)
        rows = dict(await self._store.files_between(place, _beyond(place)))
        # What is older than the database may well be known to another, that it was mistaken for.
        own_seconds = time.time() - await self._store.founded_at() / 1_000_000
        strange = [
            f"{place}/{name}"
            for name, age_seconds in found.items()
            if name not in rows and STRANGE_SECONDS < age_seconds < own_seconds
        ]
        if strange:
            await self._erase(strange)
        missing = [file_id for file_id, has_bytes in rows.items() if has_bytes and file_id not in found]
        if missing:
            shown = ", ".join(missing[:REPORTED_MAX])
            _log.error("%d files have lost their bytes: %s", len(missing), shown)
        return missing

    async def _erase(self, names: list[str]) -> None:
        with self._blobs.erasing() as may_erase:
            if may_erase and not await self._store.is_copied():
                await self._blobs.delete(names)
                _log.warning("Erased %d blobs that belong to no file.", len(names))


def _beyond(place: str) -> str:
    """The first word behind all that begin with `place`, in the order of the databases."""
    return place[:-1] + chr(ord(place[-1]) + 1)

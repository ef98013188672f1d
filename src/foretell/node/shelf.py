"""Where a run's outputs go: rows first, then blobs; and nothing is left of a run that does not end well.

A row says where its blob lies, so that what a killed node leaves half put away can be found and erased: the door
deletes the rows of every attempt that did not end well.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from foretell.errors import Error
from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.node.outputs import Taken, unique_name
from foretell.node.patience import written
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import HoldLost, RunFailed
from foretell.prediction import Prediction
from foretell.result import Form, form, replaced

VALUE_NAME = "output.json"
PAUSES_SECONDS = (0.5, 1.5, 4.0)
"""How long to wait before bytes that could not be stored are tried again."""


class Shelf:
    """The files of one attempt. What is there when the run does not end well is taken away by `clear`."""

    def __init__(self, prediction: Prediction, surroundings: Surroundings) -> None:
        self.files: list[File] = []
        self._prediction = prediction
        self._surroundings = surroundings

    async def publish(self, taken: list[Taken], *, has_run: bool = False) -> None:
        """Stores files that are not stored yet."""
        there = {each.id for each in self.files}
        new = [each for each in taken if each.file.id not in there]
        if not new:
            return
        paths = {each.file.blob: each.path for each in new}
        # The disk has its time while the rows are written.
        async with self._prepared(paths) as prepared:
            await self._announce([each.file for each in new], has_run=has_run)
        await _uninterrupted(self._put(paths, are_prepared=prepared.exception() is None))

    async def keep(self, result: Any, taken: list[Taken]) -> None:
        """Stores the files, and the result itself where it is shown as a file."""
        await self.publish(taken, has_run=True)
        if result is not None and form(result) is Form.VALUE:
            addresses = {each.id: each.url(self._prediction.origin) for each in self.files}
            data = msgspec.json.encode(replaced(result, addresses.get))
            file = self._value_file(data)
            await self._announce([file], has_run=True)
            await _uninterrupted(_stored(lambda: self._surroundings.blobs.put_bytes(file.blob, data)))

    async def clear(self) -> None:
        """Takes away what was stored."""
        files, self.files = self.files, []
        for each in files:
            await self._surroundings.store.delete_file(each.id)
        await self._surroundings.blobs.delete([each.blob for each in files])

    async def _announce(self, files: list[File], *, has_run: bool) -> None:
        """Writes the rows of blobs that are about to be there. Raises HoldLost."""
        self.files += files
        store, hold = self._surroundings.store, self._prediction.hold
        assert hold is not None
        if not await written(self._prediction.id, lambda: store.announce_files(hold, files, has_run=has_run)):
            raise HoldLost

    @asynccontextmanager
    async def _prepared(self, paths: dict[str, Path]) -> AsyncIterator[asyncio.Future[None]]:
        """What is put is prepared within the block; the future is done behind it, whatever came of it."""
        preparing = asyncio.ensure_future(self._surroundings.blobs.prepare_files(paths))
        try:
            yield preparing
        finally:
            await _uninterrupted(asyncio.wait({preparing}))

    async def _put(self, paths: dict[str, Path], *, are_prepared: bool) -> None:
        """`paths` loses those that are put."""
        await _stored(partial(self._surroundings.blobs.put_files, paths, are_prepared=are_prepared))

    def _value_file(self, data: bytes) -> File:
        return File(
            id=new_token(),
            account_id=self._prediction.account_id,
            prediction_id=self._prediction.id,
            purpose=Purpose.VALUE,
            name=unique_name(VALUE_NAME, "application/json"),
            content_type="application/json",
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            created_at=self._surroundings.clock(),
        )


async def _stored(store: Callable[[], Awaitable[None]]) -> None:
    """Stores bytes, tried anew for some seconds: a run may have been long. Raises RunFailed."""
    for pause_seconds in PAUSES_SECONDS:
        try:
            await store()
        except Error:
            await asyncio.sleep(pause_seconds)
        else:
            return
    try:
        await store()
    except Error as error:
        raise RunFailed("storage_failed", f"The output could not be stored. {error.message}") from error


async def _uninterrupted(work: Coroutine[Any, Any, object]) -> None:
    """Goes on to the end even when it is canceled: bytes half put away could not be found to be removed."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise

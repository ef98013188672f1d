"""Where a run's outputs go: blobs first, then rows; and nothing is left of a run that does not end well."""

import asyncio
import hashlib
from collections.abc import Coroutine
from typing import Any

import msgspec

from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.node.outputs import Taken, unique_name
from foretell.node.surroundings import Surroundings
from foretell.prediction import Prediction
from foretell.result import Form, form, replaced

VALUE_NAME = "output.json"


class Shelf:
    """The files of one attempt. What is there when the run does not end well is taken away by `clear`."""

    def __init__(self, prediction: Prediction, surroundings: Surroundings) -> None:
        self.files: list[File] = []
        self._published: set[str] = set()
        self._prediction = prediction
        self._surroundings = surroundings

    @property
    def unpublished(self) -> list[File]:
        """The files that have no row yet."""
        return [each for each in self.files if each.id not in self._published]

    async def publish(self, taken: list[Taken]) -> None:
        """Stores files that a stream gives before its end."""
        await _uninterrupted(self._publish(taken))

    async def keep(self, result: Any, taken: list[Taken]) -> None:
        """Stores the files, and the result itself where it is shown as a file."""
        await _uninterrupted(self._keep(result, taken))

    async def clear(self) -> None:
        """Takes away what was stored."""
        files, self.files = self.files, []
        for each in files:
            if each.id in self._published:
                await self._surroundings.store.delete_file(each.id)
        await self._surroundings.blobs.delete([each.blob for each in files])

    async def _publish(self, taken: list[Taken]) -> None:
        await self._put(taken)
        for each in taken:
            self._published.add(each.file.id)
            await self._surroundings.store.add_file(each.file)

    async def _put(self, taken: list[Taken]) -> None:
        there = {each.id for each in self.files}
        for each in taken:
            if each.file.id not in there:
                self.files.append(each.file)
                await self._surroundings.blobs.put_file(each.file.blob, each.path)

    async def _keep(self, result: Any, taken: list[Taken]) -> None:
        await self._put(taken)
        if result is not None and form(result) is Form.VALUE:
            addresses = {each.id: each.url(self._prediction.origin) for each in self.files}
            data = msgspec.json.encode(replaced(result, addresses.get))
            file = self._value_file(data)
            self.files.append(file)
            await self._surroundings.blobs.put_bytes(file.blob, data)

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


async def _uninterrupted(work: Coroutine[Any, Any, None]) -> None:
    """Goes on to the end even when it is canceled: bytes half put away could not be found to be removed."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise

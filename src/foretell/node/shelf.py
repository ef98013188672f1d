"""Where a run's outputs go: blobs first, rows with the prediction's end, and nothing left when that fails."""

import asyncio
import hashlib
from typing import Any

import msgspec

from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.node.outputs import Taken, unique_name
from foretell.node.surroundings import Surroundings
from foretell.prediction import Prediction
from foretell.result import Form, form

VALUE_NAME = "output.json"


class Shelf:
    """The files of one attempt. `files` are those whose bytes are stored."""

    def __init__(self, prediction: Prediction, surroundings: Surroundings) -> None:
        self.files: list[File] = []
        self._prediction = prediction
        self._surroundings = surroundings

    async def keep(self, result: Any, taken: list[Taken]) -> Any:
        """Stores the files, and the result itself where it is shown as a file. Gives the result back."""
        # Not to be interrupted: bytes that were half put away would have no name by which to remove them.
        keeping = asyncio.ensure_future(self._keep(result, taken))
        try:
            await asyncio.shield(keeping)
        except asyncio.CancelledError:
            await asyncio.wait({keeping})
            raise
        return result

    async def clear(self) -> None:
        """Takes away what was stored: nobody will ever ask for it."""
        await self._surroundings.blobs.delete([each.blob for each in self.files])
        self.files.clear()

    async def _keep(self, result: Any, taken: list[Taken]) -> None:
        for each in taken:
            self.files.append(each.file)
            await self._surroundings.blobs.put_file(each.file.blob, each.path)
        if result is not None and form(result) is Form.VALUE:
            data = msgspec.json.encode(result)
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

"""The files of an input, brought into the run's folder: by URL, from a `data:` URI, or from our own."""

import asyncio
import base64
import binascii
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from foretell.errors import Code, Error
from foretell.node.content_types import extension
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import RunFailed
from foretell.prediction import Prediction

FOLDER = "in"
_OWN_PATH = re.compile(r"/files/(?P<id>[A-Za-z0-9_-]{16,64})(/[^/]*)?")
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Fetch:
    """Fetches for one run, one file after the other, into its folder."""

    def __init__(self, prediction: Prediction, run_folder: Path, surroundings: Surroundings) -> None:
        self._prediction = prediction
        self._folder = run_folder / FOLDER
        self._surroundings = surroundings
        self._count = 0

    async def input(self, fields: tuple[str, ...]) -> dict[str, Any]:
        """The prediction's input with local paths in the place of the files in `fields`. Raises RunFailed."""
        self._folder.parent.mkdir(mode=0o700, exist_ok=True)
        self._folder.mkdir(exist_ok=True)
        local = dict(self._prediction.input)
        for field in fields:
            if field in local:
                local[field] = await self._value(field, local[field])
        return local

    async def _value(self, field: str, value: Any) -> Any:
        if isinstance(value, list):
            return [await self._value(field, each) for each in value]
        if not isinstance(value, str):
            return value
        self._count += 1
        try:
            return str(await self._file(value))
        except Error as error:
            raise RunFailed("bad_input", f"{field}: {error.message}") from error
        except OSError as error:
            raise RunFailed("bad_input", f"{field}: the file could not be kept: {error.strerror}.") from error

    async def _file(self, value: str) -> Path:
        if value.startswith("data:"):
            return await self._from_data(value)
        own = own_file_id(value, (self._prediction.origin, self._surroundings.config.public_url))
        if own is not None:
            return await self._from_blobs(own)
        return await self._from_url(value)

    async def _from_data(self, uri: str) -> Path:
        media_type, data = data_of(uri)
        if len(data) > self._surroundings.config.fetch_bytes_max:
            raise Error(Code.TOO_LARGE, "The data: URI holds more than is allowed.")
        path = self._path(f"data{extension(media_type)}")
        await asyncio.to_thread(path.write_bytes, data)
        return path

    async def _from_blobs(self, file_id: str) -> Path:
        file = await self._surroundings.store.file(file_id)
        if file is None or file.removed_at is not None or file.account_id != self._prediction.account_id:
            raise Error(Code.FILE_NOT_FOUND, f"There is no file '{file_id}'.")
        path = self._path(file.name)
        await self._surroundings.blobs.save(file.blob, path)
        return path

    async def _from_url(self, url: str) -> Path:
        config = self._surroundings.config
        path = self._path("download")
        found = await self._surroundings.outbound.download(
            url, path, bytes_max=config.fetch_bytes_max, seconds=config.fetch_seconds
        )
        return path.rename(self._path(found.name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._count}-{name}"


def own_file_id(value: str, origins: tuple[str, ...]) -> str | None:
    """The id of a file of ours, named by id or by its URL under one of `origins`; None: not ours."""
    if _FILE_ID.fullmatch(value):
        return value
    address = urlsplit(value)
    path = _OWN_PATH.fullmatch(address.path)
    is_ours = f"{address.scheme}://{address.netloc}" in {each.rstrip("/") for each in origins if each}
    return path["id"] if path and is_ours else None


def data_of(uri: str) -> tuple[str, bytes]:
    """Media type and bytes of a `data:` URI. Error(INVALID_INPUT) when it is malformed."""
    head, comma, body = uri.removeprefix("data:").partition(",")
    if not comma:
        raise Error(Code.INVALID_INPUT, "The data: URI has no comma.")
    media_type, *parameters = head.split(";")
    data = unquote_to_bytes(body)
    if "base64" not in {each.strip().lower() for each in parameters}:
        return media_type, data
    try:
        padded = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/"))
        return media_type, base64.b64decode(padded + b"=" * (-len(padded) % 4), validate=True)
    except binascii.Error as error:
        raise Error(Code.INVALID_INPUT, "The data: URI is not valid base64.") from error

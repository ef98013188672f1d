"""Receiving: a file in a body becomes a blob and a row, for good or for as long as a request needs it."""

import logging
import mimetypes
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import PurePosixPath

from starlette.requests import Request

from foretell.api.multipart import Upload
from foretell.api.requests import caller, services
from foretell.errors import Error
from foretell.file import File, Purpose
from foretell.ids import new_token

UNKNOWN_TYPE = "application/octet-stream"
STEM_LENGTH_MAX = 80
GIVEN_NAME_LENGTH_MAX = 255
_STRANGE = re.compile(r"[^\w.-]+", re.ASCII)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_log = logging.getLogger("foretell.api")


async def stored(request: Request) -> tuple[Upload, File]:
    """The body, whose fields are all read, and its file as bytes that are kept; its row is not written yet.

    Raises Error(INVALID_REQUEST | TOO_LARGE | UNAVAILABLE), and then nothing is kept.
    """
    upload = Upload(request)
    await upload.begin()
    content_type = upload.content_type
    if content_type in {"", UNKNOWN_TYPE}:
        content_type = mimetypes.guess_type(upload.name)[0] or UNKNOWN_TYPE
    blank = File(
        id=new_token(),
        account_id=caller(request).account.id,
        prediction_id=None,
        purpose=Purpose.UPLOAD,
        name=_unique_name(upload.name, content_type),
        content_type=content_type,
        size_bytes=0,
        sha256="",
        created_at=time.time_ns() // 1_000,
        given_name=upload.name.replace("\0", "")[:GIVEN_NAME_LENGTH_MAX],
    )
    bytes_max = services(request).config.upload_bytes_max
    size, sha256 = await services(request).blobs.put_stream(blank.blob, upload.pieces(), bytes_max=bytes_max)
    return upload, replace(blank, size_bytes=size, sha256=sha256)


async def added(request: Request, file: File) -> File:
    """The file, whose row is written; if that is not possible, its bytes are gone too."""
    try:
        await services(request).store.add_file(file)
    except BaseException:
        await services(request).blobs.delete([file.blob])
        raise
    return file


@asynccontextmanager
async def lent(request: Request) -> AsyncIterator[tuple[Upload, File]]:
    """The body and its file, which is an upload for as long as the block lasts."""
    upload, file = await stored(request)
    await added(request, file)
    try:
        yield upload, file
    finally:
        try:
            await services(request).store.delete_file(file.id)
        except Error as error:
            _log.warning("the upload %s could not be deleted after its use: %s", file.id, error.message)


def _unique_name(given: str, content_type: str) -> str:
    """A name that no other file has, with the right extension: downloads are saved under it."""
    path = PurePosixPath(given.replace("\\", "/"))
    extension = path.suffix.lower() if _EXTENSION.fullmatch(path.suffix) else ""
    extension = extension or mimetypes.guess_extension(content_type) or ".bin"
    stem = _STRANGE.sub("-", path.stem).strip(".-_")[:STEM_LENGTH_MAX] or "file"
    return f"{stem}-{secrets.token_hex(3)}{extension}"

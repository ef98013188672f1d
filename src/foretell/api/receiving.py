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

from foretell.api.idempotency import note_body
from foretell.api.multipart import Upload
from foretell.api.requests import caller, edge, services
from foretell.errors import Code, Error
from foretell.file import File, Purpose
from foretell.ids import new_token

UNKNOWN_TYPE = "application/octet-stream"
STEM_LENGTH_MAX = 80
GIVEN_NAME_LENGTH_MAX = 255
LENT_SECONDS = 600
"""How much longer than its request may take a file is lent at most: then the request was cut short."""
_STRANGE = re.compile(r"[^\w.-]+", re.ASCII)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_log = logging.getLogger("foretell.api")


async def stored(request: Request) -> tuple[Upload, File]:
    """The body, whose fields are all read, and its file, which is kept and seen by nobody until it is `added`.

    Its row is there before its bytes, so that those of a killed server are found. Raises Error(INVALID_REQUEST |
    TOO_LARGE | OVERLOADED | UNAVAILABLE), and then nothing is kept.
    """
    edge(request).room.require()
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
    file = await _kept(request, upload, blank)
    note_body(request, {"fields": upload.fields, "file": [upload.field, file.given_name, file.sha256]})
    return upload, file


async def added(request: Request, file: File, *, lent_seconds: float | None = None) -> File:
    """The file, which is an upload from now on; if that is not possible, nothing of it is kept.

    `lent_seconds`: it is deleted after these at the latest.
    """
    keep_seconds = services(request).config.keep_uploads_seconds if lent_seconds is None else 0
    try:
        is_added = await services(request).store.settle_upload(
            file, lent_seconds=lent_seconds, keep_seconds=keep_seconds
        )
    except BaseException:
        await discard(request, file)
        raise
    if not is_added:
        await discard(request, file)
        raise Error(Code.UNAVAILABLE, "The file took too long to be stored.", retry_after_seconds=5)
    return file


async def discard(request: Request, file: File) -> None:
    """Takes back what is kept; what cannot be taken back now, the janitor finds."""
    try:
        await services(request).blobs.delete([file.blob])
        await services(request).store.delete_file(file.id)
    except Error as error:
        _log.warning("the upload %s could not be taken back: %s", file.id, error.message)


@asynccontextmanager
async def lent(request: Request) -> AsyncIterator[tuple[Upload, File]]:
    """The body and its file, which is an upload for as long as the block lasts."""
    upload, file = await stored(request)
    await added(request, file, lent_seconds=services(request).config.inference_seconds_max + LENT_SECONDS)
    try:
        yield upload, file
    finally:
        try:
            await services(request).store.delete_file(file.id)
        except Error as error:
            _log.warning("the upload %s could not be deleted after its use: %s", file.id, error.message)


async def _kept(request: Request, upload: Upload, blank: File) -> File:
    """The file whose bytes are all there."""
    store, bytes_max = services(request).store, services(request).config.upload_bytes_max
    file = blank

    async def announce(size: int, sha256: str) -> None:
        nonlocal file
        file = replace(blank, size_bytes=size, sha256=sha256)
        await store.announce_upload(file)

    try:
        await services(request).blobs.put_stream(
            blank.blob, upload.pieces(), bytes_max=bytes_max, announce=announce
        )
    except BaseException:
        if file is not blank:
            await discard(request, file)
        raise
    return file


def _unique_name(given: str, content_type: str) -> str:
    """A name that no other file has, with the right extension: downloads are saved under it."""
    path = PurePosixPath(given.replace("\\", "/"))
    extension = path.suffix.lower() if _EXTENSION.fullmatch(path.suffix) else ""
    extension = extension or mimetypes.guess_extension(content_type) or ".bin"
    stem = _STRANGE.sub("-", path.stem).strip(".-_")[:STEM_LENGTH_MAX] or "file"
    return f"{stem}-{secrets.token_hex(3)}{extension}"

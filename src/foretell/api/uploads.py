"""Uploads: files that callers keep here, to be named in the inputs of predictions."""

import mimetypes
import re
import secrets
import time
from dataclasses import replace
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.multipart import Upload
from foretell.api.operations import operation
from foretell.api.requests import caller, origin, services
from foretell.dialects import skytells
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.file import File, Purpose
from foretell.ids import new_token

UNKNOWN_TYPE = "application/octet-stream"
STEM_LENGTH_MAX = 80
_STRANGE = re.compile(r"[^\w.-]+", re.ASCII)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")


@operation(
    "Upload a file",
    tag="Files",
    description="To be named in the inputs of predictions, by its id or its address. The first part with a file "
    "name is taken, whatever it is called.",
    form=messages.Upload,
    answers={201: messages.UploadedFile},
)
async def create(request: Request) -> Response:
    """The uploaded file, from the first part of a multipart body that is one."""
    upload = Upload(request)
    await upload.begin()
    content_type = upload.content_type
    if content_type in {"", UNKNOWN_TYPE}:
        content_type = mimetypes.guess_type(upload.name)[0] or UNKNOWN_TYPE
    token = new_token()
    blank = File(
        id=token,
        account_id=caller(request).account.id,
        prediction_id=None,
        purpose=Purpose.UPLOAD,
        name=_unique_name(upload.name, content_type),
        content_type=content_type,
        size_bytes=0,
        sha256="",
        created_at=time.time_ns() // 1_000,
    )
    file = await _stored(request, upload, blank)
    return answer(skytells.render_file(file, origin(request)), 201)


@operation(
    "Get a file",
    tag="Files",
    description="What is known of one of your files. Its bytes are at its `url`.",
    answer=messages.UploadedFile,
    errors=(Code.FILE_NOT_FOUND, Code.GONE),
)
async def get(request: Request) -> Response:
    """What is known of one of the caller's files."""
    return answer(skytells.render_file(await _own(request), origin(request)))


@operation(
    "Delete a file",
    tag="Files",
    description="The files of a prediction go with it, not before.",
    answer=messages.DeletedFile,
    errors=(Code.FILE_NOT_FOUND, Code.GONE, Code.CONFLICT),
)
async def delete(request: Request) -> Response:
    """The file, which is gone. The outputs of a prediction go with it, not before."""
    file = await _own(request)
    if file.purpose is not Purpose.UPLOAD:
        message = "The file belongs to a prediction; delete the prediction to delete its files."
        raise Error(Code.CONFLICT, message)
    await services(request).store.delete_file(file.id)
    last: messages.DeletedFile = {**skytells.render_file(file, origin(request)), "success": True}
    return answer(last)


async def _stored(request: Request, upload: Upload, blank: File) -> File:
    blobs, store = services(request).blobs, services(request).store
    bytes_max = services(request).config.upload_bytes_max
    size, sha256 = await blobs.put_stream(blank.blob, upload.pieces(), bytes_max=bytes_max)
    file = replace(blank, size_bytes=size, sha256=sha256)
    try:
        await store.add_file(file)
    except BaseException:
        await blobs.delete([file.blob])
        raise
    return file


async def _own(request: Request) -> File:
    file = await services(request).store.file(request.path_params["id"])
    if file is None or not caller(request).reaches(file.account_id):
        raise Error(Code.FILE_NOT_FOUND, "There is no such file.")
    if file.removed_at is not None:
        raise Error(Code.GONE, "The file is no longer kept.")
    return file


def _unique_name(given: str, content_type: str) -> str:
    """A name that no other file has, with the right extension: downloads are saved under it."""
    path = PurePosixPath(given.replace("\\", "/"))
    extension = path.suffix.lower() if _EXTENSION.fullmatch(path.suffix) else ""
    extension = extension or mimetypes.guess_extension(content_type) or ".bin"
    stem = _STRANGE.sub("-", path.stem).strip(".-_")[:STEM_LENGTH_MAX] or "file"
    return f"{stem}-{secrets.token_hex(3)}{extension}"

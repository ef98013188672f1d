"""Uploads: files that callers keep here, to be named in the inputs of predictions."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.files import served
from foretell.api.operations import operation
from foretell.api.receiving import added, discard, stored
from foretell.api.requests import caller, origin, services
from foretell.api.skytells.listing import PAGE_MAX, PER_PAGE, PER_PAGE_MAX, number, pagination
from foretell.api.spoken import is_openai_caller
from foretell.audit import Action
from foretell.dialects import openai, skytells
from foretell.dialects.openai import refused
from foretell.dialects.openai.files import DeletedFileObject, FileObject, FileObjectList
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.file import File, Purpose, Uploads

OPENAI_LIMIT_MAX = 10_000
_WORD = re.compile(r"[\w-]{1,64}", re.ASCII)


@operation(
    "Upload a file",
    tag="Files",
    description="To be named in the inputs of predictions, by its id or its address. The first part with a file "
    "name is taken, whatever it is called. It stays until it is deleted, or as long as the server keeps uploads. "
    "Callers who send nothing but `Authorization` get OpenAI's object, with status 200.",
    form=messages.Upload,
    answers={201: messages.UploadedFile, 200: FileObject},
    errors=(Code.INVALID_PARAMETER,),
)
async def create(request: Request) -> Response:
    """The uploaded file, from the first part of a multipart body that is one."""
    upload, file = await stored(request)
    try:
        purpose = _purpose(upload.fields)
    except Error:
        await discard(request, file)
        raise
    file = await added(request, replace(file, given_purpose=purpose))
    return answer(_rendered(request, file), 200 if is_openai_caller(request.scope) else 201)


@operation(
    "List files",
    tag="Files",
    description="The account's uploads, newest first, in pages. Callers who send nothing but `Authorization` get "
    "OpenAI's list.",
    query=messages.FilesQuery,
    answer=(messages.FileList, FileObjectList),
    errors=(Code.INVALID_PARAMETER,),
)
async def index(request: Request) -> Response:
    """A page of the caller's uploads, in the words of the caller's dialect."""
    page = number(request.query_params, "page", default=1, most=PAGE_MAX)
    per_page = number(request.query_params, "per_page", default=PER_PAGE, most=PER_PAGE_MAX)
    limit = number(request.query_params, "limit", default=OPENAI_LIMIT_MAX, most=OPENAI_LIMIT_MAX)
    order = _order(request)
    if is_openai_caller(request.scope):
        return await _openai_page(request, limit, order)
    wanted = Uploads(account_id=caller(request).scope, offset=(page - 1) * per_page, limit=per_page)
    store = services(request).store
    found, total = await store.uploads(wanted), await store.count_uploads(wanted)
    shown = [skytells.render_file(file, origin(request)) for file in found]
    body: messages.FileList = {"data": shown, "pagination": pagination(page, per_page, total)}
    return answer(body)


@operation(
    "Get a file",
    tag="Files",
    description="What is known of one of your files. Its bytes are at its `url`.",
    answer=(messages.UploadedFile, FileObject),
    errors=(Code.FILE_NOT_FOUND, Code.GONE),
)
async def get(request: Request) -> Response:
    """What is known of one of the caller's files."""
    return answer(_rendered(request, await _own(request)))


@operation(
    "Fetch your file",
    tag="Files",
    description="The bytes of one of your files. Ranges and `ETag` are understood.",
    headers=messages.FileHeaders,
    media=("*/*",),
    answers={200: bytes, 206: bytes, 304: None},
    errors=(Code.FILE_NOT_FOUND, Code.GONE, Code.RANGE_NOT_SATISFIABLE),
)
async def get_content(request: Request) -> Response:
    """The bytes of one of the caller's files."""
    return await served(request, await _own(request), is_download=True)


@operation(
    "Delete a file",
    tag="Files",
    description="The files of a prediction go with it, not before.",
    answer=(messages.DeletedFile, DeletedFileObject),
    errors=(Code.FILE_NOT_FOUND, Code.GONE, Code.CONFLICT),
)
async def delete(request: Request) -> Response:
    """The file, which is gone. The outputs of a prediction go with it, not before."""
    file = await _own(request)
    if file.purpose is not Purpose.UPLOAD:
        message = "The file belongs to a prediction; delete the prediction to delete its files."
        raise Error(Code.CONFLICT, message)
    doing = services(request).store.by(deed(request, Action.FILE_DELETED, file.id))
    await doing.delete_file(file.id)
    if is_openai_caller(request.scope):
        return answer(openai.render_deleted_file(file))
    last: messages.DeletedFile = {**skytells.render_file(file, origin(request)), "success": True}
    return answer(last)


def _purpose(fields: Mapping[str, list[str]]) -> str | None:
    """What the caller says that the file is for. Raises Error(INVALID_PARAMETER)."""
    if any(name.startswith("expires_after") for name in fields):
        raise refused(
            "expires_after",
            "is not possible: an upload stays until it is deleted, or as long as the server keeps uploads",
        )
    given = fields.get("purpose", [""])[0]
    if given and not _WORD.fullmatch(given):
        raise refused("purpose", "must be a word of at most 64 letters")
    return given or None


def _rendered(request: Request, file: File) -> Mapping[str, Any]:
    if is_openai_caller(request.scope):
        return openai.render_file(file)
    return skytells.render_file(file, origin(request))


def _order(request: Request) -> str:
    order = request.query_params.get("order") or "desc"
    if order not in {"asc", "desc"}:
        raise refused("order", "must be asc or desc")
    return order


async def _openai_page(request: Request, limit: int, order: str) -> Response:
    query = request.query_params
    wanted = Uploads(
        account_id=caller(request).scope,
        given_purpose=query.get("purpose") or None,
        is_oldest_first=order == "asc",
        after=await _place(request, query.get("after")),
        limit=limit + 1,
    )
    found = await services(request).store.uploads(wanted)
    return answer(openai.render_files(found[:limit], has_more=len(found) > limit))


async def _place(request: Request, after: str | None) -> tuple[int, str] | None:
    """Where the file of this id stands in the list."""
    if not after:
        return None
    file = await services(request).store.file(after)
    if file is None or not caller(request).reaches(file.account_id):
        raise refused("after", "is not the id of a file of yours")
    return file.created_at, file.id


async def _own(request: Request) -> File:
    file = await services(request).store.file(request.path_params["id"])
    if file is None or not caller(request).reaches(file.account_id):
        raise Error(Code.FILE_NOT_FOUND, "There is no such file.")
    if file.removed_at is not None:
        raise Error(Code.GONE, "The file is no longer kept.")
    return file

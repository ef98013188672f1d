"""Files for whoever knows their address: no key is asked for, and nobody can guess one."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from foretell.api.answers import refusal
from foretell.api.operations import operation
from foretell.api.ranges import wanted_range
from foretell.api.requests import request_id, services
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.file import File

_HARMLESS = re.compile(
    r"(?:image/(?!svg)|audio/|video/|application/(?:pdf|json)$|text/plain)[\w.+-]*", re.ASCII
)
_PLAIN_NAME = re.compile(r"[\w. -]+", re.ASCII)


@operation(
    "Fetch a file",
    tag="Files",
    description="The bytes of an output or an upload, for whoever knows the address; nobody can guess one. Ranges "
    "and `ETag` are understood.",
    path={"token": "What makes the address unguessable.", "name": "The file's name."},
    query=messages.FileQuery,
    headers=messages.FileHeaders,
    media=("*/*",),
    answers={200: bytes, 206: bytes, 304: None},
    errors=(Code.FILE_NOT_FOUND, Code.GONE, Code.RANGE_NOT_SATISFIABLE),
)
async def get(request: Request) -> Response:
    """The file, whole or in part. 404 for an unknown address, 410 for a file that is no longer kept."""
    file = await services(request).store.file(request.path_params["token"])
    # What is no longer kept has lost its name too.
    if file is not None and file.removed_at is not None:
        raise Error(Code.GONE, "The file is no longer kept.")
    if file is None or file.name != request.path_params["name"]:
        raise Error(Code.FILE_NOT_FOUND, "There is no such file.")
    return await served(request, file, is_download="download" in request.query_params)


async def served(request: Request, file: File, *, is_download: bool = False) -> Response:
    """The bytes of a file, as far as the caller wants and has not got them."""
    headers = _headers(file, is_download=is_download)
    if _is_known(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    try:
        part = wanted_range(_range_header(request, headers["etag"]), file.size_bytes)
    except Error as error:
        return refusal(error, request_id(request), headers={"content-range": f"bytes */{file.size_bytes}"})
    return await _sent(request, file, part, headers)


async def _sent(
    request: Request, file: File, part: tuple[int, int] | None, headers: dict[str, str]
) -> Response:
    start, end = part or (0, file.size_bytes)
    headers["content-length"] = str(end - start)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    status = 200 if part is None else 206
    if request.method == "HEAD" or start == end:
        return Response(b"", status, headers)
    pieces = services(request).blobs.read(file.blob, start=start, end=end)
    # The first piece is read before the head is sent, so that a missing blob is still an honest 404.
    first = await anext(pieces)
    return StreamingResponse(_following(first, pieces), status, headers)


async def _following(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _headers(file: File, *, is_download: bool) -> dict[str, str]:
    is_harmless = _HARMLESS.match(file.content_type) is not None
    headers = {
        "content-type": _with_charset(file.content_type),
        "content-disposition": _disposition(file.name, is_download=is_download or not is_harmless),
        "accept-ranges": "bytes",
        "etag": f'"{file.sha256}"',
        "cache-control": "private, no-cache",
        "x-content-type-options": "nosniff",
    }
    if not is_harmless:
        # A page made by a model or a stranger must not act in this server's name.
        headers["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return headers


def _with_charset(content_type: str) -> str:
    """Text is kept as UTF-8; browsers guess otherwise."""
    is_bare = content_type.startswith("text/") and "charset" not in content_type
    return f"{content_type}; charset=utf-8" if is_bare else content_type


def _disposition(name: str, *, is_download: bool) -> str:
    kind = "attachment" if is_download else "inline"
    if _PLAIN_NAME.fullmatch(name):
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"


def _is_known(request: Request, etag: str) -> bool:
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return etag in known or known == ["*"]


def _range_header(request: Request, etag: str) -> str | None:
    """The asked range, unless it was meant for another state of the file."""
    if request.headers.get("if-range", etag) != etag:
        return None
    return request.headers.get("range")

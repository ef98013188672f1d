"""Assets: style sheets, scripts and icons of the pages, under an address that names their state."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from foretell.errors import Code, Error

FOLDER = Path(__file__).parent / "assets"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
GZIP_BYTES_MIN = 500
JOIN = "+"
TOGETHER_MAX = 32
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the pages, as it is and compressed."""

    data: bytes
    gzipped: bytes
    media: str


async def asset(request: Request) -> Response:
    """A file of the pages; it may be kept for ever where the address names the present state."""
    name = request.path_params["name"]
    found = every().get(name) or _together(name)
    if found is None:
        raise Error(Code.ENDPOINT_NOT_FOUND, "There is no such file.")
    is_present = request.path_params["state"] == state()
    headers = {
        "cache-control": _FOR_EVER if is_present else "no-cache",
        "content-type": found.media,
        "x-content-type-options": "nosniff",
    }
    return compressed(request, found.data, headers, gzipped=found.gzipped)


def compressed(
    request: Request, data: bytes, headers: dict[str, str], *, gzipped: bytes | None = None, status: int = 200
) -> Response:
    """The bytes, in fewer where the caller can unpack them; `gzipped` has them ready."""
    headers = {**headers, "vary": ", ".join(filter(None, [headers.get("vary"), "accept-encoding"]))}
    accepts = "gzip" in request.headers.get("accept-encoding", "")
    if not accepts or len(data) < GZIP_BYTES_MIN:
        return Response(data, status, headers)
    packed = gzip.compress(data, 5, mtime=0) if gzipped is None else gzipped
    return Response(packed, status, {**headers, "content-encoding": "gzip"})


def address(name: str) -> str:
    """Where a file of the pages is. Raises KeyError when there is none of this name."""
    if name not in every():
        raise KeyError(name)
    return f"/assets/dashboard/{state()}/{name}"


def together(*names: str) -> str:
    """Where some style sheets are as one, which takes one request. Raises KeyError when there is none of a name."""
    stems = [address(each).rpartition("/")[2].removesuffix(".css") for each in names]
    return f"/assets/dashboard/{state()}/{JOIN.join(stems)}.css"


@cache
def state() -> str:
    """The digest of all files together: scripts import each other by name, within the same state."""
    digest = hashlib.sha256()
    for name, found in sorted(every().items()):
        digest.update(name.encode() + b"\0" + found.data)
    return digest.hexdigest()[:16]


@cache
def every() -> dict[str, Asset]:
    """Every file of the pages, by its name."""
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}


@lru_cache(TOGETHER_MAX)
def _together(name: str) -> Asset | None:
    """Style sheets one after the other; None: some are not there, or named twice."""
    names = [f"{each}.css" for each in name.removesuffix(".css").split(JOIN)]
    if not name.endswith(".css") or len(set(names)) < len(names) or not set(names) <= every().keys():
        return None
    data = b"\n".join(every()[each].data for each in names)
    return Asset(data, gzip.compress(data, 9, mtime=0), TYPES[".css"])


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    return Asset(data, gzip.compress(data, 9, mtime=0), TYPES[path.suffix])

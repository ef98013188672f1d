"""What a downloaded file is called."""

import mimetypes
import re
from collections.abc import Mapping
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

NAME_BYTES_MAX = 120
"""File systems take 255, and what is beside it in the folder adds to it."""
SUFFIX_BYTES_MAX = 24
_UNSAFE = re.compile(r"[^\w.-]+")


def file_name(url: httpx.URL, headers: Mapping[str, str], content_type: str) -> str:
    """A plain name of at most 120 bytes, as the server or the URL calls it, with an extension."""
    called = _disposed(headers.get("content-disposition", "")) or unquote(url.path)
    path = PurePosixPath(_UNSAFE.sub("-", PurePosixPath(called.replace("\\", "/")).name).strip("-."))
    suffix = path.suffix or mimetypes.guess_extension(content_type) or ""
    stem = path.stem if path.suffix else path.name
    return f"{_cut(stem, NAME_BYTES_MAX - SUFFIX_BYTES_MAX) or 'file'}{_cut(suffix, SUFFIX_BYTES_MAX)}"


def _cut(text: str, bytes_max: int) -> str:
    return text.encode()[:bytes_max].decode(errors="ignore")


def _disposed(header: str) -> str:
    message = Message()
    message["Content-Disposition"] = header
    return message.get_filename("")

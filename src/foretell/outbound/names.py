"""What a downloaded file is called."""

import mimetypes
import re
from collections.abc import Mapping
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

NAME_CHARACTERS_MAX = 120
_UNSAFE = re.compile(r"[^\w.-]+")


def file_name(url: httpx.URL, headers: Mapping[str, str], content_type: str) -> str:
    """A plain name of at most 120 characters, as the server or the URL calls it, with an extension."""
    called = _disposed(headers.get("content-disposition", "")) or unquote(url.path)
    path = PurePosixPath(_UNSAFE.sub("-", PurePosixPath(called.replace("\\", "/")).name).strip("-."))
    suffix = path.suffix or mimetypes.guess_extension(content_type) or ""
    stem = path.stem if path.suffix else path.name
    return f"{stem[: NAME_CHARACTERS_MAX - len(suffix)] or 'file'}{suffix[:NAME_CHARACTERS_MAX]}"


def _disposed(header: str) -> str:
    message = Message()
    message["Content-Disposition"] = header
    return message.get_filename("")

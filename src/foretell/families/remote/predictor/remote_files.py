"""Files on their way there and back: what an input names is sent along, what an output names is fetched."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import mimetypes
import re
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path as PlainPath
from typing import Any, Optional, Union
from urllib.parse import unquote, unquote_to_bytes, urljoin, urlsplit

import httpx
from cog import Path
from refusals import RemoteError
from server import CONNECT_SECONDS, Server

FILE_BYTES_MAX = 2 * 1024**3
HOPS_MAX = 5
NAME_CHARACTERS_MAX = 80

Schema = dict[str, Any]
Sent = Callable[[PlainPath], Awaitable[str]]
"""Makes of a file on this machine what the other server takes for it: a URI, or an id."""


def is_file(schema: Any) -> bool:
    """Whether a schema means a file, or a list of files."""
    if not isinstance(schema, dict):
        return False
    if schema.get("format") == "uri":
        return True
    return is_file(schema.get("items")) or any(map(is_file, schema.get("anyOf", ())))


async def with_files_sent(given: dict[str, Any], schema: Schema, sent: Sent) -> dict[str, Any]:
    """The input in which each file is what the other server takes for it."""
    fields = schema.get("properties", {})
    return {
        name: await _each(value, sent) if is_file(fields.get(name)) else value
        for name, value in given.items()
    }


async def _each(value: Any, sent: Sent) -> Any:
    if isinstance(value, list):
        return [await _each(each, sent) for each in value]
    return await sent(PlainPath(value)) if isinstance(value, str) else value


async def as_data_uri(path: PlainPath) -> str:
    """The file itself, as a `data:` URI."""
    data = await asyncio.to_thread(path.read_bytes)
    return f"data:{media_type(path)};base64,{base64.b64encode(data).decode()}"


def media_type(path: PlainPath) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


class Downloads:
    """Fetches the files of one run, without any key: their addresses are all that one needs."""

    def __init__(self, server: Server, folder: PlainPath, hosts: tuple[str, ...]) -> None:
        """`hosts`: where files may lie beside the server itself and public addresses."""
        self._server = server
        self._folder = folder
        self._trusted = {urlsplit(server.url).hostname, *hosts}
        self._count = 0

    async def replaced(self, value: Any, is_ours: Callable[[str], bool]) -> Any:
        """The value with a path in the place of each address that is a file's."""
        if isinstance(value, list):
            return [await self.replaced(each, is_ours) for each in value]
        if isinstance(value, dict):
            return {name: await self.replaced(each, is_ours) for name, each in value.items()}
        return await self.fetched(value) if isinstance(value, str) and is_ours(value) else value

    async def fetched(self, address: str) -> Path:
        """The file at an address, or in a `data:` URI. Raises RemoteError."""
        if address.startswith("data:"):
            return await self._from_data(address)
        try:
            return await self._downloaded(urljoin(f"{self._server.url}/", address))
        except httpx.HTTPError as error:
            place = urlsplit(address).netloc
            raise RemoteError(f"An output could not be fetched from {place}: {error!r}") from error

    async def kept(self, data: bytes, name: str) -> Path:
        """Bytes as a file."""
        path = self._path(name)
        await asyncio.to_thread(path.write_bytes, data)
        return Path(path)

    async def _from_data(self, address: str) -> Path:
        head, _, body = address[5:].partition(",")
        ending = mimetypes.guess_extension(head.partition(";")[0]) or ""
        try:
            data = (
                base64.b64decode(body, validate=True) if head.endswith("base64") else unquote_to_bytes(body)
            )
        except binascii.Error as error:
            raise RemoteError("An output is a data: URI that is not valid.") from error
        return await self.kept(data, f"output{ending}")

    async def _downloaded(self, address: str) -> Path:
        # Not the client that is given the key, and each address is looked at before it is asked.
        timeout = httpx.Timeout(self._server.silence_seconds, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(timeout=timeout, follow_redirects=False) as client:
            for _ in range(HOPS_MAX):
                await self._check(address)
                found = await self._hop(client, address)
                if isinstance(found, Path):
                    return found
                address = found
        raise RemoteError("An output could not be fetched: its address leads from one to another.")

    async def _hop(self, client: httpx.AsyncClient, address: str) -> Union[Path, str]:
        """The file, or the address that it is to be had from."""
        async with client.stream("GET", address) as answer:
            if answer.is_redirect:
                return urljoin(address, answer.headers["location"])
            if not answer.is_success:
                raise RemoteError(
                    f"An output could not be fetched: its address answers {answer.status_code}."
                )
            return await self._saved(answer, address)

    async def _saved(self, answer: httpx.Response, address: str) -> Path:
        name = unquote(urlsplit(address).path.rpartition("/")[2])
        kind = answer.headers.get("content-type", "").partition(";")[0]
        ending = "" if "." in name else mimetypes.guess_extension(kind) or ""
        path = self._path(f"{name or 'output'}{ending}")
        size = 0
        with path.open("wb") as file:
            async for piece in answer.aiter_bytes():
                size += len(piece)
                if size > FILE_BYTES_MAX:
                    raise RemoteError(f"An output is larger than {FILE_BYTES_MAX:,} bytes.")
                await asyncio.to_thread(file.write, piece)
        return Path(path)

    async def _check(self, address: str) -> None:
        """Lets only addresses pass that the operator meant: the server's own host, those named, and public ones."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RemoteError("An output has an address that is neither http nor https.")
        if parts.hostname in self._trusted:
            return
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
        except OSError as error:
            raise RemoteError(f"An output lies at {parts.hostname}, which is not found.") from error
        if not all(ipaddress.ip_address(each[4][0].partition("%")[0]).is_global for each in found):
            raise RemoteError(
                f"An output lies at {parts.hostname}, a private address that is not the server's own. "
                "If that is right, name it in FILE_HOSTS of the model's settings.py."
            )

    def _path(self, name: str) -> PlainPath:
        self._count += 1
        folder = self._folder / "fetched" / str(self._count)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / (
            re.sub(r"[^A-Za-z0-9._-]+", "-", name)[-NAME_CHARACTERS_MAX:].lstrip(".-") or "output"
        )


def origin_of(address: str) -> Optional[str]:
    """Scheme and host of an http(s) address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else None

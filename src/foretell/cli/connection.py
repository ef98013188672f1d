"""How commands reach a server: by URL, by the socket in its data directory, or one started for the call."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from foretell.cli.configured import settings
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.main.listening import is_served, reachable, socket_path

T = TypeVar("T")
ANSWER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """Which server a command means. `node`: one that is started for the call also runs models."""

    data: str | None = None
    database: str | None = None
    url: str | None = None
    key: str | None = None
    node: bool = False


class Connection:
    """A client that speaks the public API and the operator's; a refusal is raised as the `Error` it is."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **query: Any) -> Any:
        return await self._ask(
            "GET", path, params={name: each for name, each in query.items() if each is not None}
        )

    async def post(self, path: str, body: Any = None, *, files: Any = None) -> Any:
        return await self._ask("POST", path, json=body, files=files)

    async def patch(self, path: str, body: Any) -> Any:
        return await self._ask("PATCH", path, json=body)

    async def delete(self, path: str) -> Any:
        return await self._ask("DELETE", path)

    async def save(self, url: str, path: Path) -> None:
        """Saves what a URL of this server gives; nothing is left at `path` when that fails."""
        part = path.with_name(path.name + ".part")
        async with self.client.stream("GET", httpx.URL(url).raw_path.decode()) as answer:
            if answer.is_error:
                await answer.aread()
                raise refusal(answer)
            with part.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        part.replace(path)

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.client.request(method, path, **options)
        if answer.is_error:
            raise refusal(answer)
        return answer.json()


def call(target: Target, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Connects, does the work, and returns what it returns."""

    async def connected() -> T:
        async with connect(target) as connection:
            return await work(connection)

    return asyncio.run(connected())


@asynccontextmanager
async def connect(target: Target) -> AsyncIterator[Connection]:
    """A connection to the server that `target` means; one started for the call is stopped afterwards."""
    url = target.url or (None if target.data else os.environ.get("FORETELL_URL"))
    if url:
        key = target.key or os.environ.get("FORETELL_KEY", "")
        async with _client(
            httpx.AsyncHTTPTransport(), url.removesuffix("/").removesuffix("/v1"), key
        ) as client:
            yield Connection(client)
        return
    config = settings(data=target.data, database=target.database)
    async with _serving(config, node=target.node) as path:
        transport = httpx.AsyncHTTPTransport(uds=str(reachable(path)))
        async with _client(transport, "http://localhost", "") as client:
            yield Connection(client)


@asynccontextmanager
async def _serving(config: Config, *, node: bool) -> AsyncIterator[Path]:
    path = socket_path(config.data_path)
    if is_served(path):
        yield path
        return
    # Imported only here: commands that find a server start in half the time without it.
    from foretell.main.server import Server

    server = Server(config, node=node, listen=False)
    await server.start()
    try:
        yield path
    finally:
        await server.stop()


def _client(transport: httpx.AsyncBaseTransport, url: str, key: str) -> httpx.AsyncClient:
    headers = {"x-api-key": key} if key else {}
    return httpx.AsyncClient(transport=transport, base_url=url, headers=headers, timeout=ANSWER_SECONDS)


def refusal(answer: httpx.Response) -> Error:
    """The error that an answer tells of, whatever sent it."""
    code = Code.NOT_FOUND if answer.status_code == httpx.codes.NOT_FOUND else Code.INVALID_REQUEST
    try:
        told = answer.json()["error"]
        details = told.get("details") or ""
        return Error(code, told["message"], details=tuple(str(details).split("; ")) if details else ())
    except (ValueError, KeyError, TypeError, AttributeError):
        return Error(code, f"The server answered {answer.status_code} {answer.reason_phrase}.")

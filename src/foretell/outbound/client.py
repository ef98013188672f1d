"""The client that calls strangers: its connections, redirects and limits.

Nothing of this server's surroundings goes along: no proxy settings, no cookies, no credentials.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpcore
import httpx

from foretell.config import Config
from foretell.errors import Code, Error
from foretell.ids import new_token
from foretell.outbound.addresses import Reach
from foretell.outbound.answers import Answer, Downloaded
from foretell.outbound.names import file_name
from foretell.outbound.network import CheckedNetwork, Resolve, resolve
from foretell.outbound.targets import port, target

ANSWER_BYTES = 4_096
"""How much of a receiver's answer is read."""
ANSWER_SECONDS = 2
"""How long that may take, once the status is there."""
HOPS_MAX = 5
CONNECTIONS_MAX = 100
KEEPALIVE_SECONDS = 10
CONNECTING = {"timeout": {"connect": 5.0}}
"""How long one of a name's addresses may take to connect before the next is tried."""
REDIRECTS = {301, 302, 303, 307, 308}

_log = logging.getLogger(__name__)


class Client:
    """Connects only to addresses that it has checked itself."""

    def __init__(self, config: Config, reach: Reach, resolver: Resolve | None) -> None:
        self._reach = reach
        self._own = {_place(httpx.URL(each)) for each in _origins(config)}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=CONNECTIONS_MAX,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=CheckedNetwork(reach, resolver or resolve),
        )

    async def close(self) -> None:
        """Closes its connections."""
        await self._pool.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
        """As `Outbound.post`."""
        begun = time.monotonic()
        async with (
            _explained(url, timeout_seconds) as deadline,
            self._sent("POST", target(url), headers, body) as response,
        ):
            # It has answered, in time: how long the rest takes has a limit of its own.
            deadline.reschedule(asyncio.get_running_loop().time() + 2 * ANSWER_SECONDS)
            first = await _first_bytes(response)
            return Answer(response.status, _headers(response), first, time.monotonic() - begun)

    async def download(self, url: str, path: Path, *, bytes_max: int, seconds: float) -> Downloaded:
        """As `Outbound.download`."""
        partial = path.with_name(f".{new_token(64)}.part")
        try:
            async with _explained(url, seconds):
                found = await self._followed(target(url), partial, bytes_max)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return found

    async def _followed(self, url: httpx.URL, path: Path, bytes_max: int) -> Downloaded:
        here = url
        for _ in range(HOPS_MAX + 1):
            found = await self._hop(here, path, bytes_max)
            if isinstance(found, Downloaded):
                return found
            here = found
        raise Error(Code.INVALID_INPUT, f"{url} redirects more than {HOPS_MAX} times.")

    async def _hop(self, url: httpx.URL, path: Path, bytes_max: int) -> httpx.URL | Downloaded:
        """The file, or where to ask next."""
        async with self._sent("GET", url, {"Accept": "*/*", "Accept-Encoding": "identity"}) as response:
            headers = _headers(response)
            if response.status in REDIRECTS and "location" in headers:
                return target(_joined(url, headers["location"]))
            if response.status != 200:
                raise Error(Code.INVALID_INPUT, f"{url} could not be fetched: it answered {response.status}.")
            if headers.get("content-encoding", "identity") != "identity":
                raise Error(
                    Code.INVALID_INPUT, f"{url} sends its file compressed, though that was not asked for."
                )
            size = await _written(response, path, str(url), bytes_max)
            content_type = (
                headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
            )
            return Downloaded(content_type, file_name(url, headers, content_type), size)

    @asynccontextmanager
    async def _sent(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[httpcore.Response]:
        if self._is_own(url):
            raise httpcore.ConnectError("that is this server")
        place = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool.stream(
            method, place, headers=pairs, content=body, extensions=CONNECTING
        ) as response:
            yield response

    def _is_own(self, url: httpx.URL) -> bool:
        """Whether a URL is this server's own: a webhook to oneself would never end."""
        return not self._reach.names(url.host) and _place(url) in self._own


def _origins(config: Config) -> list[str]:
    """Under which addresses this server is called, as far as its settings tell."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    listening = [f"http://{host}:{config.port}"] if config.port else []
    return [*filter(None, [config.public_url]), *listening]


def _place(url: httpx.URL) -> tuple[str, int]:
    return url.host.rstrip("."), port(url)


def _joined(url: httpx.URL, location: str) -> str:
    try:
        return str(url.join(location))
    except httpx.InvalidURL as error:
        raise Error(Code.INVALID_INPUT, f"{url} redirects to what is not a URL.") from error


@asynccontextmanager
async def _explained(url: str, seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """Turns what goes wrong within into errors that may be shown to strangers; the log says more.

    Gives the time that there is for it.
    """
    try:
        async with asyncio.timeout(seconds) as deadline:
            yield deadline
    except TimeoutError as error:
        raise Error(Code.UNAVAILABLE, f"{url} did not answer within {seconds:g} seconds.") from error
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        _log.info("%s could not be reached: %s: %s", url, type(error).__name__, error)
        raise Error(Code.UNAVAILABLE, f"{url} could not be reached.") from error


async def _first_bytes(response: httpcore.Response) -> bytes:
    """The beginning of an answer; a receiver that goes on and on, or stalls, has answered all the same."""
    first = b""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            chunks = aiter(response.aiter_stream())
            while len(first) < ANSWER_BYTES and (chunk := await anext(chunks, b"")):
                first += chunk
    except (TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
        return first
    return first[:ANSWER_BYTES]


async def _written(response: httpcore.Response, path: Path, url: str, bytes_max: int) -> int:
    size = 0
    with path.open("wb") as file:
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > bytes_max:
                raise Error(Code.TOO_LARGE, f"{url} is larger than the maximum of {bytes_max} bytes.")
            await asyncio.to_thread(file.write, chunk)
    return size


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}

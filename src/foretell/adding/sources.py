"""Where a model to be added comes from: a folder, weights of a known family, a hub's repository, an archive."""

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from foretell import catalog, families
from foretell.adding.archives import is_archive, unpack
from foretell.adding.bench import Bench
from foretell.adding.report import Doing
from foretell.errors import Code, Error
from foretell.families import Files
from foretell.weights import Repository
from foretell.weights.downloads import download
from foretell.weights.repositories import Wanted, fetch_repository

ARCHIVE_BYTES_MAX = 64 * 1024**3
_HUB = re.compile(r"hf:(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[^@]+))?")


@dataclass(frozen=True, slots=True)
class Found:
    """A folder to read, and the name that its model is to have, "" for its own. `made`: nobody wrote it by hand."""

    folder: Path
    namespace: str = ""
    made: bool = False


@dataclass(frozen=True, slots=True)
class Making:
    """Where a folder is made, and for a machine with which GPUs."""

    staging: Path
    gpus_mb: tuple[int, ...] = ()


async def find(bench: Bench, source: str, *, name: str, staging: Path, doing: Doing) -> Found:
    """The model's folder, fetched or made in `staging` if need be.

    Error(INVALID_REQUEST) for a source that is none, Error(UNAVAILABLE) for one that cannot be reached.
    """
    if source.startswith("hf:"):
        return await _of_hub(bench, source, name=name, staging=staging)
    if source.startswith(("http://", "https://")):
        return await _of_address(bench, source, name=name, staging=staging, doing=doing)
    return await asyncio.to_thread(_of_path, source, name, Making(staging, await _gpus_mb(bench)))


def _of_path(source: str, name: str, making: Making) -> Found:
    path = Path(source).expanduser()
    if not path.is_absolute():
        raise Error(Code.INVALID_REQUEST, f"'{source}' must be an absolute path on the server's machine.")
    if not path.exists():
        raise Error(Code.NOT_FOUND, f"There is no {path} on the server's machine.")
    if path.is_file() and is_archive(path.name):
        return Found(unpack(path, making.staging / "unpacked"), name)
    if path.is_dir() and catalog.is_folder(path):
        return Found(path, name)
    files = families.of_directory(path) if path.is_dir() else families.of_file(path)
    return _made(files, name or _plain(path.stem if path.is_file() else path.name), f"file:{path}", making)


async def _of_hub(bench: Bench, source: str, *, name: str, staging: Path) -> Found:
    match = _HUB.fullmatch(source)
    if match is None:
        raise Error(Code.INVALID_REQUEST, f"'{source}' is not hf:OWNER/NAME or hf:OWNER/NAME@REVISION.")
    hub = bench.weights.hub
    listing = await hub.listing(Repository(match["name"], match["revision"] or "main"))
    repository = listing.repository
    own_name = _plain(PurePosixPath(repository.name).name)
    if "model.toml" in listing.files or "cog.yaml" in listing.files:
        folder = staging / own_name
        await fetch_repository(hub, Wanted(repository=repository), folder, lambda done, total: None)
        return Found(folder, name)
    files = Files(
        sizes={path: each.size_bytes for path, each in listing.files.items()},
        part=partial(hub.part, repository),
        title=PurePosixPath(repository.name).name,
    )
    address = f"hf:{repository.name}@{repository.revision}"
    making = Making(staging, await _gpus_mb(bench))
    return await asyncio.to_thread(_made, files, name or own_name, address, making)


async def _of_address(bench: Bench, url: str, *, name: str, staging: Path, doing: Doing) -> Found:
    file = unquote(PurePosixPath(urlsplit(url).path).name)
    if not is_archive(file):
        # Only here: most models come from elsewhere, and httpx holds 6 MB.
        from foretell.adding.remote_files import file_at

        files = await asyncio.to_thread(file_at, url, file)
        making = Making(staging, await _gpus_mb(bench))
        return await asyncio.to_thread(_made, files, name or _plain(PurePosixPath(file).stem), url, making)
    path = staging / file

    def on_progress(done: int, total: int) -> None:
        doing.says(f"fetching {file}", done / total if total else None)

    try:
        await download(url, path, headers={}, bytes_max=ARCHIVE_BYTES_MAX, on_progress=on_progress)
    except Error as error:
        raise Error(error.code, f"The archive {error.message}") from error
    return Found(await asyncio.to_thread(unpack, path, staging / "unpacked"), name)


async def _gpus_mb(bench: Bench) -> tuple[int, ...]:
    """The memory of the GPUs of the node that has most of it: a model that is made is made for that one."""
    nodes = await bench.store.living(within_seconds=bench.config.lost_seconds)
    found = [tuple(each["memory_mb"] for each in node.hardware.get("gpus", ())) for node in nodes]
    return max(found, key=sum, default=())


def _made(files: Files, namespace: str, weight_source: str, making: Making) -> Found:
    recognized = families.recognize(files).on(making.gpus_mb)
    folder = making.staging / "made"
    families.write_folder(recognized, folder, namespace=namespace, weight_source=weight_source)
    return Found(folder, namespace, made=True)


def _plain(name: str) -> str:
    """A name as models have them: what cannot be in one becomes a dash."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "model"

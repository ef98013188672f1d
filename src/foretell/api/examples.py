"""Examples: what a model was given once and what came of it, as pages and the API show it."""

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from foretell.api.requests import edge, services
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.model import Example, Manifest, Version

SHOWN = ("image", "audio", "video")
"""What a browser shows of itself; all else is text, or is saved."""
_FOR_A_YEAR = "public, max-age=31536000, immutable"


class Address(str):
    """Where a file of an example is, as a path of this server; any other text is itself."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Output:
    """One output of an example: a file at `url`, or a text."""

    kind: str
    url: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An example with the addresses of its files. `number` counts from 1."""

    number: int
    title: str
    input: dict[str, Any]
    outputs: tuple[Output, ...]


def shown_examples(config: Config, version: Version) -> list[Shown]:
    """A version's examples, in the order of its manifest."""
    manifest = version.manifest
    folder = folder_of(config, manifest)
    return [
        Shown(
            number=number,
            title=each.title,
            input={name: _located(folder, version, number, value) for name, value in each.input.items()},
            outputs=tuple(_outputs(folder, version, number, each)),
        )
        for number, each in enumerate(manifest.examples, 1)
    ]


async def example_file(request: Request) -> Response:
    """A file that an example names. Nobody needs a key, as for the descriptions of models."""
    known = await edge(request).versions.find(request.path_params["slug"])
    manifest = known.version.manifest
    number, name = request.path_params["number"], request.path_params["name"]
    folder = folder_of(services(request).config, manifest)
    for path in _named(folder, manifest, number):
        if path.name == name:
            return _sent(path, is_named=request.query_params.get("v") == known.version.id)
    raise Error(Code.FILE_NOT_FOUND, "The model has no such example.")


def folder_of(config: Config, manifest: Manifest) -> Path:
    """Where a model's folder lies on this machine."""
    return config.data_path / manifest.folder if manifest.is_snapshot else Path(manifest.folder)


def kind_of(name: str) -> str:
    """`image`, `audio` or `video` by a file's name; else `file`."""
    kind = (mimetypes.guess_type(name)[0] or "").partition("/")[0]
    return kind if kind in SHOWN and not name.endswith((".svg", ".svgz")) else "file"


def absolute(own: str, value: Any) -> Any:
    """An input of a shown example, with the addresses of its files under `own`."""
    if isinstance(value, list):
        return [absolute(own, each) for each in value]
    return f"{own}{value}" if isinstance(value, Address) else value


def _outputs(folder: Path, version: Version, number: int, example: Example) -> Iterator[Output]:
    for each in example.output:
        if _is_within(folder, each):
            yield Output(kind_of(each), url=_address(version, number, each))
        else:
            yield Output("text", text=each)


def _located(folder: Path, version: Version, number: int, value: Any) -> Any:
    """A file of the folder by its address; any other value as it is."""
    if isinstance(value, list):
        return [_located(folder, version, number, each) for each in value]
    is_file = isinstance(value, str) and kind_of(value) != "file" and _is_within(folder, value)
    return _address(version, number, value) if is_file else value


def _named(folder: Path, manifest: Manifest, number: int) -> Iterator[Path]:
    """The files that an example names, as inputs or as outputs."""
    if not 1 <= number <= len(manifest.examples):
        return
    example = manifest.examples[number - 1]
    values = [
        each for value in example.input.values() for each in (value if isinstance(value, list) else [value])
    ]
    for each in [*example.output, *values]:
        if isinstance(each, str) and _is_within(folder, each):
            yield folder / each


def _is_within(folder: Path, name: str) -> bool:
    """Whether a name is that of a file in a folder, and not a text or a way out of it."""
    if not name or len(name) > 255 or "\n" in name or PurePosixPath(name).is_absolute():
        return False
    try:
        path = (folder / name).resolve()
        return path.is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):
        return False


def _address(version: Version, number: int, name: str) -> Address:
    file = quote(PurePosixPath(name).name)
    return Address(f"/models/{quote(version.model)}/examples/{number}/{file}?v={version.id}")


def _sent(path: Path, *, is_named: bool) -> Response:
    media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_harmless = kind_of(path.name) != "file" or media == "text/plain"
    headers = {
        "cache-control": _FOR_A_YEAR if is_named else "no-cache",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    disposition = "inline" if is_harmless else "attachment"
    return FileResponse(
        path, headers=headers, media_type=media, filename=path.name, content_disposition_type=disposition
    )

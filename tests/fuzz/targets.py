"""What reads strangers' bytes. A target takes any bytes and raises only when something is wrong with us."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec

from foretell import signature
from foretell.api.multipart import Upload
from foretell.api.ranges import wanted_range
from foretell.cli.following import ServerEvent, _read
from foretell.dialects.skytells.streams import stream_event
from foretell.errors import Error
from foretell.node.content_types import HEAD_BYTES, content_type, extension
from foretell.node.extents import extent
from foretell.node.fetch import data_of, own_file_id
from foretell.node.link import BrokenLink, _checked
from foretell.outbound.names import NAME_BYTES_MAX, file_name
from foretell.outbound.targets import target
from foretell.schema import InputSchema
from fuzz.seeds import ADDRESSES, BODIES, FILES, FORM, FRAMES, STREAM, as_json, predictors
from fuzz.served import Site
from fuzz.values import Bytes, value

Bite = Callable[[bytes], None]


def _signatures() -> Bite:
    """A predictor's source is read, never run; what cannot be read is said in a sentence."""

    def bite(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        with suppress(Error):
            found = signature.read(text, predictor="predict.py:Predictor", resolve=lambda _: None)
            InputSchema(found.input_schema)

    return bite


def _inputs() -> Bite:
    """Any value against the inputs of any predictor."""
    schemas = [
        InputSchema(
            signature.read(text, predictor="predict.py:Predictor", resolve=lambda _: None).input_schema
        )
        for text in predictors()
        if _is_readable(text)
    ]

    def bite(data: bytes) -> None:
        source = Bytes(data)
        schema = schemas[source.number(len(schemas))]
        names = sorted(schema.names)
        given = {names[source.number(len(names))]: value(source) for _ in range(source.number(6))}
        with suppress(Error):
            msgspec.json.encode(schema.complete(given))

    return bite


def _forms() -> Bite:
    """A multipart body in pieces of any size."""

    def bite(data: bytes) -> None:
        source = Bytes(data)
        size = source.number(64) + 1
        body = source.rest()
        with suppress(Error):
            asyncio.run(_uploaded(body, size))

    return bite


def _frames() -> Bite:
    """What a model's process says."""

    def bite(data: bytes) -> None:
        with suppress(BrokenLink):
            _checked(data)

    return bite


def _streams() -> Bite:
    """Events as they are sent are read as they were meant, and any lines are read without harm."""

    def bite(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        sent = stream_event("output", {"text": text}, "1:2").decode()
        assert len(sent.splitlines()) == 4
        event = ServerEvent()
        for line in sent.splitlines():
            _read(line, event)
        assert event.data == {"text": text}
        other = ServerEvent()
        for line in text.splitlines():
            _read(line, other)

    return bite


def _addresses() -> Bite:
    """URLs, data: URIs, ranges and the names that servers give their files."""

    def bite(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        with suppress(Error):
            data_of(text)
        with suppress(Error):
            wanted_range(text, 100)
        with suppress(ValueError):
            own_file_id(text, ("https://example.com",))
        extension(text)
        with suppress(Error):
            _named(target(text), {})
        _named(httpx.URL("https://example.com/a"), {"content-disposition": text})

    return bite


def _files() -> Bite:
    """Files that a model gives, measured by their heads."""
    place = Path(tempfile.mkdtemp(prefix="foretell-fuzz-")) / "file"

    def bite(data: bytes) -> None:
        found = content_type(data[:HEAD_BYTES], "file")
        place.write_bytes(data)
        size = extent(place, found)
        assert size.pixels >= 0 and size.audio_seconds >= 0 and size.video_seconds >= 0

    return bite


def _bodies() -> Bite:
    """Any body for any route that takes one."""
    return _site().with_body


def _requests() -> Bite:
    """Any address, query and headers."""
    return _site().with_address


TARGETS: dict[str, Callable[[], Bite]] = {
    "addresses": _addresses,
    "bodies": _bodies,
    "files": _files,
    "forms": _forms,
    "frames": _frames,
    "inputs": _inputs,
    "requests": _requests,
    "signatures": _signatures,
    "streams": _streams,
}


def seeds(name: str) -> Iterable[bytes]:
    """What a target begins with."""
    routes = [bytes([number, kind]) for number in range(48) for kind in (0, 3)]
    found: dict[str, Iterable[bytes]] = {
        "addresses": [each.encode() for each in ADDRESSES],
        "bodies": [
            *(route + b"\0" + as_json(body) for route in routes[1::8] for body in BODIES),
            *routes,
            *(bytes([number, 3, 1]) + FORM for number in range(48)),
        ],
        "files": FILES,
        "forms": [bytes([size]) + FORM for size in (0, 7, 63)],
        "frames": [as_json(each) for each in FRAMES],
        "inputs": [bytes([number, 2, 0, 3]) for number in range(16)],
        "requests": [bytes([number, 3]) + b"abc" for number in range(0, 250, 3)],
        "signatures": [each.encode() for each in predictors()],
        "streams": [STREAM],
    }
    return found[name]


@cache
def _site() -> Site:
    return Site()


def _is_readable(text: str) -> bool:
    try:
        signature.read(text, predictor="predict.py:Predictor", resolve=lambda _: None)
    except Error:
        return False
    return True


def _named(url: httpx.URL, headers: dict[str, str]) -> None:
    name = file_name(url, headers, "image/png")
    assert 0 < len(name.encode()) <= NAME_BYTES_MAX
    assert not {"/", "\\", "\0", "\n", "\r"} & set(name) and name not in {".", ".."}


async def _uploaded(body: bytes, size: int) -> None:
    upload = Upload(_Request(body, size))  # type: ignore[arg-type]
    await upload.begin()
    kept = b"".join([piece async for piece in upload.pieces()])
    assert len(kept) <= len(body)


class _Request:
    """As much of a request as an upload reads."""

    def __init__(self, body: bytes, size: int) -> None:
        self.headers: dict[str, Any] = {"content-type": "multipart/form-data; boundary=b"}
        self._body, self._size = body, size

    async def stream(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), self._size):
            yield self._body[start : start + self._size]

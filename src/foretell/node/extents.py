"""How large pictures are and how long recordings last, as their headers say: what such outputs are charged by."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extent:
    """One file's pixels, or its seconds of sound or film; 0 for what it has not, or does not tell."""

    pixels: int = 0
    audio_seconds: float = 0.0
    video_seconds: float = 0.0


def extent(path: Path, content_type: str) -> Extent:
    """How large or long a file is. Nothing in it can raise: it is a stranger's."""
    kind = content_type.partition("/")[0]
    try:
        match kind:
            case "image":
                width, height = _size(path)
                return Extent(pixels=max(0, width) * max(0, height))
            case "audio":
                return Extent(audio_seconds=_seconds(path))
            case "video":
                return Extent(video_seconds=_seconds(path))
    except Exception as error:  # noqa: BLE001 - whatever a stranger's file does to its reader
        log.info("how large or long a %s is cannot be told: %r", content_type, error)
    return Extent()


def metrics(extents: Iterable[Extent]) -> dict[str, float]:
    """The sums of what there is, under the names of metrics."""
    every = list(extents)
    if not every:
        return {}
    found = {
        "megapixels": sum(each.pixels for each in every) / 1_000_000,
        "audio_seconds": round(sum(each.audio_seconds for each in every), 3),
        "video_seconds": round(sum(each.video_seconds for each in every), 3),
    }
    return {name: value for name, value in found.items() if value}


# Only in these: together they and the XML they bring hold 1 MB, which no model of texts needs.
def _size(path: Path) -> tuple[int, int]:
    import imagesize

    width, height = imagesize.get(path)
    return int(width), int(height)


def _seconds(path: Path) -> float:
    from tinytag import TinyTag, TinyTagException

    try:
        return max(0.0, TinyTag.get(path, tags=False).duration or 0.0)
    except TinyTagException:
        return 0.0

"""Strangers' pictures, opened with care."""

import base64
import binascii
import io
from pathlib import Path
from typing import Any, Union

from PIL import Image, ImageOps

PIXELS_MAX = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def read_file(path: Path) -> Image.Image:
    """The picture in a file, upright, in red, green and blue. Raises ValueError when it is none, or too large."""
    return _opened(path)


def read_data(part: dict[str, Any]) -> Image.Image:
    """The picture in a part of a message: a `data:` URI, since no model reaches out for addresses."""
    given = part.get("image_url")
    address = given.get("url") if isinstance(given, dict) else given
    if not isinstance(address, str) or not address.startswith("data:"):
        raise ValueError(
            "A picture in messages must be a data: URI; one at an address can be sent as `image`."
        )
    _, _, written = address.partition(",")
    try:
        return _opened(io.BytesIO(base64.b64decode(written, validate=True)))
    except binascii.Error as error:
        raise ValueError("A picture in messages is no base64.") from error


def _opened(source: Union[Path, io.BytesIO]) -> Image.Image:
    try:
        with Image.open(source, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > PIXELS_MAX:
                raise ValueError(
                    f"The picture has {width} × {height} pixels; at most {PIXELS_MAX:,} are read."
                )
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError("The file is not a picture of a known kind, or is damaged.") from error

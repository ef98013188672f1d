"""Pictures that may be transparent: opened with care, and enlarged without dark or bright rims."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
INPUT_PIXELS_MAX = 4_200_000
OUTPUT_PIXELS_MAX = 40_000_000


@dataclass(frozen=True)
class Picture:
    """Colours as bytes (height x width x 3), and the opacity of each pixel where it is not fully opaque."""

    colours: np.ndarray
    opacity: Image.Image | None


def open_translucent(path: Path, factor: int, pixels_max: int = INPUT_PIXELS_MAX) -> Picture:
    """The picture in the file, upright. Raises ValueError if it is damaged, or too large for the factor."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            check_size(picture.width, picture.height, factor, pixels_max)
            return split(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise ValueError(f"The file is not a picture of a known kind ({', '.join(FORMATS)}).") from error
    except Image.DecompressionBombError as error:
        raise ValueError(f"The picture has more than {pixels_max:,} pixels.") from error
    except (OSError, SyntaxError, EOFError) as error:
        raise ValueError("The picture is damaged and cannot be read.") from error


def check_size(width: int, height: int, factor: int, pixels_max: int) -> None:
    """By the header alone, before anything is unpacked."""
    pixels = width * height
    if pixels > pixels_max:
        raise ValueError(f"The picture is {width}×{height}; at most {pixels_max:,} pixels are taken.")
    if pixels * factor**2 > OUTPUT_PIXELS_MAX:
        raise ValueError(
            f"Enlarged {factor} times, {width}×{height} would be more than {OUTPUT_PIXELS_MAX:,} pixels: "
            "choose a smaller scale."
        )


def split(picture: Image.Image) -> Picture:
    if not picture.has_transparency_data:
        return Picture(np.asarray(picture.convert("RGB")), None)
    whole = picture.convert("RGBA")
    opacity = whole.getchannel("A")
    return Picture(spread(np.asarray(whole), opacity), opacity)


def spread(pixels: np.ndarray, opacity: Image.Image) -> np.ndarray:
    """Colours in which what is transparent looks like what is near it, so that edges get no rim."""
    weight = np.asarray(opacity, np.float32)[..., None] / 255
    blurred_weight = np.asarray(opacity.filter(ImageFilter.GaussianBlur(6)), np.float32)[..., None] / 255
    faded = Image.fromarray((pixels[..., :3] * weight).astype(np.uint8))
    blurred = np.asarray(faded.filter(ImageFilter.GaussianBlur(6)), np.float32)
    near = (blurred / np.maximum(blurred_weight, 1 / 255)).clip(0, 255)
    return np.where(weight > 0, pixels[..., :3], near).astype(np.uint8)


def joined(colours: Image.Image, opacity: Image.Image | None) -> Image.Image:
    """The enlarged colours with the opacity enlarged to match."""
    if opacity is not None:
        colours.putalpha(opacity.resize(colours.size, Image.Resampling.LANCZOS))
    return colours


def on_white(picture: Image.Image) -> Image.Image:
    """The picture without transparency, for files that cannot hold it."""
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")

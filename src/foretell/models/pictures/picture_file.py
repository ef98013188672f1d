"""Pictures from strangers, opened with care, and pictures to hand back."""

import warnings
from pathlib import Path
from typing import Literal

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
PIXELS_MAX = 50_000_000

# Above this Pillow warns, above twice as much it refuses; `open_picture` refuses at once, without a warning.
Image.MAX_IMAGE_PIXELS = PIXELS_MAX
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def open_picture(path: Path) -> Image.Image:
    """The picture in the file: upright, RGB, on white where it was transparent, an animation's first frame.

    Raises ValueError if it is none of `FORMATS`, has more than `PIXELS_MAX` pixels, or is damaged.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            _check_size(picture.width, picture.height)
            return _on_white(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise ValueError(f"The file is not a picture of a known kind ({', '.join(FORMATS)}).") from error
    except Image.DecompressionBombError as error:
        raise ValueError(f"The picture has more than {PIXELS_MAX:,} pixels.") from error
    except (OSError, SyntaxError, EOFError) as error:
        raise ValueError("The picture is damaged and cannot be read.") from error


def save_picture(
    picture: Image.Image, path: Path, *, output_format: Literal["png", "jpg", "webp"], quality: int
) -> None:
    """Write the picture; `quality` (1 to 100) is of no effect for png, which loses nothing."""
    options = {"png": {}, "jpg": {"quality": quality, "subsampling": 0}, "webp": {"quality": quality}}[
        output_format
    ]
    picture.save(path, format={"jpg": "JPEG"}.get(output_format, output_format.upper()), **options)


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise ValueError(f"The picture is {width}×{height}; at most {PIXELS_MAX:,} pixels are taken.")


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")

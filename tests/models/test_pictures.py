"""Pictures from strangers are opened with care."""

import struct
import sys
import zlib
from pathlib import Path

import pytest

pytest.importorskip("PIL")
sys.path.insert(0, str(Path(__file__).parents[2] / "src" / "foretell" / "models" / "pictures"))

from picture_file import PIXELS_MAX, open_picture, save_picture
from PIL import Image

ORIENTATION = 0x0112


def saved(path: Path, picture: Image.Image, **options) -> Path:
    picture.save(path, **options)
    return path


def large(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def test_a_picture_held_sideways_comes_out_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20))
    picture.paste("red", (0, 0, 10, 20))
    exif = picture.getexif()
    exif[ORIENTATION] = 6  # the camera was turned: the left edge belongs on top
    upright = open_picture(saved(tmp_path / "photo.png", picture, exif=exif))
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 2)) == (255, 0, 0)
    assert upright.getpixel((10, 38)) == (0, 0, 0)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    opened = open_picture(saved(tmp_path / "clear.png", clear, **options))
    assert opened.mode == "RGB"
    assert opened.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(8000, 8000), (60_000, 60_000)])
def test_a_picture_that_claims_too_many_pixels_is_refused_by_its_header(tmp_path: Path, size) -> None:
    (tmp_path / "bomb.png").write_bytes(large(*size))
    with pytest.raises(ValueError, match=f"{PIXELS_MAX:,}"):
        open_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='x'/>", b"%PDF-1.7", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_picture_of_a_known_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "picture.png").write_bytes(content)
    with pytest.raises(ValueError, match="known kind"):
        open_picture(tmp_path / "picture.png")


def test_a_picture_that_ends_too_soon_is_refused(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.png", Image.effect_noise((64, 64), 50)).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        open_picture(tmp_path / "half.png")


@pytest.mark.parametrize(("output_format", "kind"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_a_picture_is_saved_as_the_kind_that_was_asked_for(tmp_path: Path, output_format, kind) -> None:
    path = tmp_path / f"picture.{output_format}"
    save_picture(Image.new("RGB", (8, 8), "red"), path, output_format=output_format, quality=50)
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == (kind, (8, 8))

"""Enlarging keeps to sizes and limits, leaves no seams, and keeps transparency.

The network here is one whose answer is known exactly: ncnn's own nearest-neighbour interpolation. It has no
weights, and it goes the same way through the code as Real-ESRGAN's networks do.
"""

import io
import sys
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "src" / "foretell" / "models"
sys.path[:0] = [str(MODELS / name) for name in ("upscale", "pictures")]

for requirement in ("numpy", "PIL", "ncnn"):
    pytest.importorskip(requirement)

import numpy as np  # noqa: E402 - only where the model's requirements are installed
from PIL import Image  # noqa: E402
from realesrgan import Upscaler, tiles_of  # noqa: E402
from translucent import joined, on_white, open_translucent  # noqa: E402

NEAREST = """7767517
2 2
Input data 0 1 data
Interp enlarged 1 1 data output 0=1 1={factor}.0 2={factor}.0
"""


@pytest.fixture
def nearest(tmp_path: Path) -> Upscaler:
    (tmp_path / "realesr-animevideov3-x3.param").write_text(NEAREST.format(factor=3))
    (tmp_path / "realesr-animevideov3-x3.bin").write_bytes(b"")
    return Upscaler(tmp_path, "realesr-animevideov3-x3")


def noisy(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (300, 40), (257, 513)])
def test_tiles_are_put_together_without_seams_gaps_or_shifts(
    nearest: Upscaler, width: int, height: int
) -> None:
    pixels = noisy(width, height)
    assert (nearest.enlarge(pixels) == pixels.repeat(3, axis=0).repeat(3, axis=1)).all()


def test_progress_rises_to_one_with_a_step_for_each_tile(nearest: Upscaler) -> None:
    told: list[tuple[int, int]] = []
    nearest.enlarge(noisy(300, 300), lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_tiles_cover_every_pixel_once() -> None:
    count = np.zeros((70, 130), int)
    for tile in tiles_of(130, 70, 32):
        count[tile.window(1)] += 1
    assert (count == 1).all()


def test_files_that_are_no_network_are_refused(tmp_path: Path) -> None:
    (tmp_path / "realesrgan-x4plus.param").write_text("hello")
    with pytest.raises(RuntimeError, match="is not a network that ncnn can read"):
        Upscaler(tmp_path, "realesrgan-x4plus")


def saved(picture: Image.Image, path: Path, **options) -> Path:
    picture.save(path, **options)
    return path


def test_a_decompression_bomb_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    bomb = saved(Image.new("1", (30_000, 30_000)), tmp_path / "bomb.png")
    assert bomb.stat().st_size < 300_000
    with pytest.raises(ValueError, match="4,200,000 pixels"):
        open_translucent(bomb, 2)


def test_a_scale_that_would_make_too_many_pixels_is_refused(tmp_path: Path) -> None:
    path = saved(Image.new("L", (2000, 2000)), tmp_path / "large.png")
    assert open_translucent(path, 3).colours.shape == (2000, 2000, 3)
    with pytest.raises(ValueError, match="choose a smaller scale"):
        open_translucent(path, 4)


def test_what_is_no_picture_or_a_cut_off_one_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("not a picture")
    with pytest.raises(ValueError, match="not a picture of a known kind"):
        open_translucent(tmp_path / "words.png", 2)
    whole = io.BytesIO()
    Image.fromarray(noisy(64, 64)).save(whole, "PNG")
    (tmp_path / "half.png").write_bytes(whole.getvalue()[:4000])
    with pytest.raises(ValueError, match="damaged"):
        open_translucent(tmp_path / "half.png", 2)


def test_a_postscript_file_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (8, 8)), tmp_path / "drawing.png", format="EPS")
    with pytest.raises(ValueError, match="not a picture of a known kind"):
        open_translucent(path, 2)


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(Image.new("RGB", (20, 10)), tmp_path / "turned.jpg", exif=exif)
    assert open_translucent(path, 2).colours.shape == (20, 10, 3)


def test_transparency_is_kept_and_what_is_hidden_gives_no_rim(tmp_path: Path) -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[5:15, 5:15] = (200, 30, 30, 255)
    picture = open_translucent(saved(Image.fromarray(pixels), tmp_path / "square.png"), 2)
    assert picture.opacity is not None
    assert picture.colours[4, 10] == pytest.approx([200, 30, 30], abs=20)
    enlarged = joined(Image.fromarray(picture.colours).resize((40, 40)), picture.opacity)
    assert enlarged.mode == "RGBA"
    assert enlarged.getpixel((1, 1))[3] == 0
    assert on_white(enlarged).getpixel((1, 1)) == (255, 255, 255)


def test_an_opaque_picture_stays_without_transparency(tmp_path: Path) -> None:
    picture = open_translucent(saved(Image.new("P", (8, 8)), tmp_path / "palette.gif"), 2)
    assert picture.opacity is None
    assert joined(Image.fromarray(picture.colours), picture.opacity).mode == "RGB"

"""Videos are as long and as large as they should be, and change little from frame to frame."""

import sys
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "src" / "foretell" / "models"
sys.path[:0] = [str(MODELS / name) for name in ("clip", "truefusion")]

for requirement in ("numpy", "PIL", "av", "onnxruntime", "tokenizers"):
    pytest.importorskip(requirement)

import av  # noqa: E402 - only where the model's requirements are installed
import numpy as np  # noqa: E402
from camera import CLOSENESS, MOTIONS, filmed, view  # noqa: E402
from PIL import Image  # noqa: E402
from video_file import write_video  # noqa: E402
from wandering import between, there_and_back, wandering_noise  # noqa: E402


def gradient(width: int, height: int) -> Image.Image:
    """Redder to the right, greener to the bottom."""
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([red, green, red * 0], axis=-1).astype(np.uint8))


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("moment", [0.0, 0.3, 1.0])
def test_the_camera_stays_within_the_picture(motion: str, moment: float) -> None:
    left, top, right, bottom = view(motion, moment, (640, 480), (640, 360))
    assert 0 <= left < right <= 640.001
    assert 0 <= top < bottom <= 480.001
    assert (right - left) / (bottom - top) == pytest.approx(640 / 360)


def test_zooming_in_ends_as_close_as_it_may_and_zooming_out_is_its_reverse() -> None:
    start, end = (view("zoom-in", moment, (400, 400), (400, 400)) for moment in (0.0, 1.0))
    assert start == (0, 0, 400, 400)
    assert end[2] - end[0] == pytest.approx(400 / CLOSENESS)
    assert view("zoom-out", 0.0, (400, 400), (400, 400)) == end


def test_panning_right_goes_right() -> None:
    frames = list(filmed(gradient(400, 300), "pan-right", (200, 150), 5))
    redness = [frame[..., 0].mean() for frame in frames]
    assert redness == sorted(redness)
    assert redness[-1] - redness[0] > 30
    assert all(frame.shape == (150, 200, 3) for frame in frames)


def test_noise_wanders_in_small_even_steps_and_back_to_where_it_began() -> None:
    frames = list(wandering_noise(7, seconds=3.0, frames=24))
    steps = [np.linalg.norm(a - b) for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert max(steps) < 1.5 * min(steps)
    assert all(frame.std() == pytest.approx(1, abs=0.1) for frame in frames)
    assert np.array_equal(frames[0], next(wandering_noise(7, seconds=3.0, frames=24)))


def test_noise_between_a_point_and_itself_is_that_point() -> None:
    point = np.ones((4, 16, 16), np.float32)
    assert np.array_equal(between(point, point, 0.5), point)


def test_the_second_prompt_is_strongest_in_the_middle() -> None:
    shares = there_and_back(10)
    assert shares[0] == 0
    assert shares.argmax() == 5
    assert shares[5] == pytest.approx(1)


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "h264"), ("webm", "vp9"), ("gif", "gif")])
def test_a_video_has_its_frames_and_the_same_frames_give_the_same_file(tmp_path: Path, suffix, codec) -> None:
    frames = [np.full((64, 96, 3), shade, np.uint8) for shade in range(0, 240, 20)]
    for name in ("first", "second"):
        write_video(iter(frames), tmp_path / f"{name}.{suffix}", frames_per_second=10)
    with av.open(str(tmp_path / f"first.{suffix}")) as file:
        stream = file.streams.video[0]
        shades = [frame.to_ndarray(format="rgb24").mean() for frame in file.decode(video=0)]
        assert (stream.codec_context.name, stream.width, stream.height) == (codec, 96, 64)
        assert float(stream.average_rate) == pytest.approx(10)
    assert shades == pytest.approx([frame.mean() for frame in frames], abs=8)
    first, second = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("first", "second"))
    assert first == second

"""Makes a short video from a prompt, or from a picture."""

import pathlib
import random
from collections.abc import Iterable, Iterator
from typing import Optional

import emoji_diffusion
import numpy as np
from camera import MOTIONS, filmed
from cog import BasePredictor, Input, Path
from painter import Painter
from picture_file import open_picture
from PIL import Image
from video_file import write_video
from wandering import Script, drawn

from foretell import progress, weights

ASPECT_RATIOS = ["", "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9"]
FRAMES_MAX = 240
DRAWN_SIDE = 256
FILMED_SIDE = 512


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.painter = Painter(self._find, ["realesr-animevideov3-x4", "realesr-animevideov3-x4"])

    def predict(
        self,
        prompt: str = Input(default="", max_length=1000, description="What to draw, as for TrueFusion."),
        end_prompt: str = Input(
            default="",
            max_length=1000,
            description="What the drawing turns into halfway, before it turns back.",
        ),
        negative_prompt: str = Input(default="", max_length=1000, description="What to keep away from."),
        image: Optional[Path] = Input(default=None, description="A picture to film, instead of a prompt."),
        motion: str = Input(
            default="zoom-in", choices=MOTIONS, description="How the camera moves over `image`."
        ),
        seconds: float = Input(default=3.0, ge=0.5, le=20.0, description="How long the video is."),
        fps: int = Input(default=12, ge=4, le=30, description="Frames a second; at most 240 frames in all."),
        aspect_ratio: str = Input(
            default="",
            choices=ASPECT_RATIOS,
            description="Width to height; left empty, a prompt's video is square and a picture's like the picture.",
        ),
        width: Optional[int] = Input(
            default=None, ge=64, le=1024, description="In pixels, made even; wins over the aspect ratio."
        ),
        height: Optional[int] = Input(
            default=None, ge=64, le=1024, description="In pixels, made even; wins over the aspect ratio."
        ),
        steps: int = Input(
            default=12, ge=4, le=50, description="Denoising steps for each frame of a prompt."
        ),
        guidance: float = Input(default=4.0, ge=0, le=20, description="How strictly the prompt is followed."),
        seed: Optional[int] = Input(default=None, ge=0, description="The same seed gives the same video."),
        output_format: str = Input(
            default="mp4", choices=["mp4", "webm", "gif"], description="The kind of file."
        ),
    ) -> Path:
        frames = round(seconds * fps)
        check(prompt, image, frames)
        if image:
            picture = open_picture(image)
            size = even_size(width, height, shape(aspect_ratio, picture.size), FILMED_SIDE)
            pictures = filmed(reduced(picture, size), motion, size, frames)
        else:
            if seed is None:
                seed = random.randrange(2**31)
                print(f"seed: {seed}")
            script = Script(prompt, end_prompt, negative_prompt, steps, guidance, seed)
            size = even_size(width, height, shape(aspect_ratio, (1, 1)), DRAWN_SIDE)
            pictures = (
                np.asarray(self.painter.fit(each, *size))
                for each in drawn(self.painter.diffusion, script, seconds, frames)
            )
        video = Path(f"clip.{output_format}")
        write_video(counted(pictures, frames), video, frames_per_second=fps)
        self.record_metric("frame_count", frames)
        self.record_metric("video_seconds", round(frames / fps, 3))
        return video

    def _find(self, name: str) -> pathlib.Path:
        """TrueFusion's weights lie beside its code."""
        beside = pathlib.Path(emoji_diffusion.__file__).parent / "weights" / name
        return beside if beside.exists() else weights(name)


def check(prompt: str, image: Optional[Path], frames: int) -> None:
    if bool(prompt.strip()) == bool(image):
        raise ValueError("Give either a prompt or an image.")
    if frames > FRAMES_MAX:
        raise ValueError(
            f"These are {frames} frames; at most {FRAMES_MAX} are made: fewer seconds or lower fps."
        )


def shape(aspect_ratio: str, otherwise: tuple[int, int]) -> tuple[int, int]:
    """Width to height as asked for, or as it is otherwise."""
    across, _, down = aspect_ratio.partition(":")
    return (int(across), int(down)) if down else otherwise


def even_size(
    width: Optional[int], height: Optional[int], shape: tuple[int, int], longer_side: int
) -> tuple[int, int]:
    """Width and height as video encoders want them; what is not given follows from the shape."""
    across, down = shape
    if not width and not height:
        width, height = (longer_side, None) if across >= down else (None, longer_side)
    wide = width or round(height * across / down)
    high = height or round(width * down / across)
    return tuple(min(max(side // 2 * 2, 64), 1024) for side in (wide, high))


def reduced(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture without more pixels than the camera, at its nearest, can show twice over."""
    scale = max(2 * size[0] / picture.width, 2 * size[1] / picture.height)
    if scale >= 1:
        return picture
    return picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
    )


def counted(pictures: Iterable[np.ndarray], frames: int) -> Iterator[np.ndarray]:
    for done, picture in enumerate(pictures, start=1):
        yield picture
        progress(done, frames, unit="frame")

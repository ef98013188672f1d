"""Draws pictures in the manner of emoji from a few words."""

import random
from typing import Optional

from cog import BasePredictor, Input, Path
from painter import Painter, Wish, size
from picture_file import save_picture

from foretell import preview, progress, weights

SIDE_MAX = 1024
ASPECT_RATIOS = ["1:1", "16:9", "4:3", "3:2", "2:3", "3:4", "9:16", "21:9"]


class Predictor(BasePredictor):
    def setup(self) -> None:
        enlargers = ["realesr-animevideov3-x4", "realesr-animevideov3-x4"]
        self.painter = Painter(weights, enlargers)

    def predict(
        self,
        prompt: str = Input(
            max_length=1000, description="What to draw, in a few plain words: a thing, perhaps with a colour."
        ),
        negative_prompt: str = Input(default="", max_length=1000, description="What to keep away from."),
        steps: int = Input(default=25, ge=1, le=100, description="Denoising steps."),
        guidance: float = Input(default=3.0, ge=0, le=20, description="How strictly the prompt is followed."),
        seed: Optional[int] = Input(
            default=None, ge=0, description="The same seed and inputs give the same picture."
        ),
        width: Optional[int] = Input(
            default=None, ge=64, le=SIDE_MAX, description="In pixels; wins over the aspect ratio."
        ),
        height: Optional[int] = Input(
            default=None, ge=64, le=SIDE_MAX, description="In pixels; wins over the aspect ratio."
        ),
        aspect_ratio: str = Input(default="1:1", choices=ASPECT_RATIOS, description="Width to height."),
        num_outputs: int = Input(
            default=1, ge=1, le=4, description="Pictures to draw; each has the next seed."
        ),
        output_format: str = Input(
            default="png", choices=["png", "jpg", "webp"], description="The kind of file."
        ),
        output_quality: int = Input(
            default=90, ge=1, le=100, description="For jpg and webp; png loses nothing."
        ),
        safety_checker: bool = Input(
            default=True, description="Withhold pictures that are not safe for work. The server does it."
        ),
    ) -> list[Path]:
        pixels = size(width, height, aspect_ratio, side_max=SIDE_MAX)
        if seed is None:
            seed = random.randrange(2**31)
            print(f"seed: {seed}")
        wish = Wish(prompt, negative_prompt, steps, guidance, seed)
        paths = []
        # What is to be checked is shown to nobody before.
        on_preview = None if safety_checker else preview
        for picture in self.painter.paint(wish, num_outputs, pixels, progress, on_preview):
            paths.append(Path(f"picture-{len(paths) + 1}.{output_format}"))
            save_picture(picture, paths[-1], output_format=output_format, quality=output_quality)
        self.record_metric("image_count", num_outputs)
        return paths

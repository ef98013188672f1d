"""From a prompt to a picture of any size: diffusion draws 64 x 64 pixels, Real-ESRGAN enlarges them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from emoji_diffusion import NATIVE_SIDE, Diffusion, noise
from PIL import Image
from realesrgan import Upscaler

AREA = 512 * 512
SIZE_STEP = 16
# Candidates of one seed start from other noise than neighbouring seeds do.
CANDIDATE_STRIDE = 2**32
# Of the time that a picture takes; the rest is enlarging.
DRAWING_SHARE = 0.7


@dataclass(frozen=True)
class Wish:
    """What a small picture should show, and how it is to be drawn."""

    prompt: str
    negative_prompt: str
    steps: int
    guidance: float
    seed: int


class Painter:
    """The loaded networks. `enlargers` follow one another until the picture is large enough.

    With several `candidates` each picture is drawn that often, and the one most like its prompt is kept.
    """

    def __init__(self, find: Callable[[str], Path], enlargers: Sequence[str], *, candidates: int = 1) -> None:
        self._candidates = candidates
        self.diffusion = Diffusion.open(find)
        self._enlargers = [Upscaler(find("realesrgan"), name) for name in enlargers]

    def paint(
        self, wish: Wish, count: int, size: tuple[int, int], on_progress: Callable[[float], None]
    ) -> Iterator[Image.Image]:
        """Pictures of that width and height, each from the next seed; progress is a fraction of them all."""
        for number in range(count):
            steps = Steps(wish.steps * self._candidates, before=number, count=count, on_progress=on_progress)
            drawn = self.draw(replace(wish, seed=wish.seed + number), steps.count_one)
            yield self.fit(drawn, *size)
            on_progress((number + 1) / count)

    def draw(self, wish: Wish, on_step: Callable[[int], None] | None = None) -> np.ndarray:
        """The small picture, as floats from 0 to 1: of the candidates the one most like the prompt."""
        words = self.diffusion.encode([wish.negative_prompt, wish.prompt])
        starts = [noise(wish.seed + number * CANDIDATE_STRIDE) for number in range(self._candidates)]
        found = [
            self.diffusion.denoise(words, start, steps=wish.steps, guidance=wish.guidance, on_step=on_step)
            for start in starts
        ]
        return self.diffusion.decode(self._best(found, words))

    def fit(self, drawn: np.ndarray, width: int, height: int) -> Image.Image:
        """The picture enlarged to the shorter side, in the middle of a canvas of its border's colour."""
        side = min(width, height)
        pixels = (drawn * 255).round().astype(np.uint8)
        for enlarger in self._enlargers_for(side):
            pixels = enlarger.enlarge(pixels)
        picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
        if width == height:
            return picture
        canvas = Image.new("RGB", (width, height), border_colour(picture))
        canvas.paste(picture, ((width - side) // 2, (height - side) // 2))
        return canvas

    def _best(self, found: list[np.ndarray], words: np.ndarray) -> np.ndarray:
        if len(found) == 1:
            return found[0]
        return max(found, key=lambda latents: self.diffusion.agreement(latents, words))

    def _enlargers_for(self, side: int) -> list[Upscaler]:
        """As few as reach the side, in order."""
        chosen: list[Upscaler] = []
        reached = NATIVE_SIDE
        for enlarger in self._enlargers:
            if reached < side:
                chosen.append(enlarger)
                reached *= enlarger.factor
        return chosen


class Steps:
    """Progress from the steps of one picture, of `count` pictures, `before` of which are complete."""

    def __init__(self, steps: int, *, before: int, count: int, on_progress: Callable[[float], None]) -> None:
        self._steps, self._before, self._count, self._on_progress = steps, before, count, on_progress
        self._done = 0

    def count_one(self, _: int) -> None:
        self._done += 1
        self._on_progress((self._before + DRAWING_SHARE * self._done / self._steps) / self._count)


def border_colour(picture: Image.Image) -> tuple[int, ...]:
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(border, axis=0))


def size(width: int | None, height: int | None, aspect_ratio: str, *, side_max: int) -> tuple[int, int]:
    """Width and height in pixels: those given, the other by the ratio, or about 512 x 512 pixels in all."""
    across, down = (int(part) for part in aspect_ratio.split(":"))
    if width and not height:
        height = round(width * down / across)
    if height and not width:
        width = round(height * across / down)
    if not (width and height):
        wide = (AREA * across / down) ** 0.5
        width, height = stepped(wide), stepped(wide * down / across)
    if max(width, height) > side_max:
        raise ValueError(f"The picture would be {width}×{height}; a side can have at most {side_max} pixels.")
    return width, height


def stepped(length: float) -> int:
    return max(1, round(length / SIZE_STEP)) * SIZE_STEP

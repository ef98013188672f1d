"""From a prompt to a picture of any size: diffusion draws 64 x 64 pixels, Real-ESRGAN enlarges them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from arrangement import places, things
from emoji_diffusion import Diffusion, OnStep, noise
from PIL import Image
from realesrgan import Upscaler

AREA = 512 * 512
SIZE_STEP = 16
# Of the time that a picture takes; the rest is enlarging.
DRAWING_SHARE = 0.7
PREVIEW_STEPS, PREVIEW_SECONDS, PREVIEW_SIDE, PREVIEW_QUALITY = 5, 0.25, 256, 75
# How far a seed may turn a drawing, in degrees, and how much of its square it then fills.
TURN_MAX, SHARES_OF_SIDE = 10.0, (0.85, 0.97)


@dataclass(frozen=True)
class Wish:
    """What a picture should show, and how it is to be drawn."""

    prompt: str
    negative_prompt: str
    steps: int
    guidance: float
    seed: int


class Painter:
    """The loaded networks. `enlargers` follow one another until a drawing is large enough.

    Where it `draws_several`, things joined by "and" are drawn one by one and set side by side.
    """

    def __init__(
        self, find: Callable[[str], Path], enlargers: Sequence[str], *, draws_several: bool = False
    ) -> None:
        self._draws_several = draws_several
        self.diffusion = Diffusion.open(find)
        self._enlargers = [Upscaler(find("realesrgan"), name) for name in enlargers]

    def paint(
        self,
        wish: Wish,
        count: int,
        size: tuple[int, int],
        on_progress: Callable[..., None],
        on_preview: Callable[[bytes], None] | None = None,
    ) -> Iterator[Image.Image]:
        """Pictures of that width and height, each from the next seed; progress is that of them all.

        Previews are WebP files of what is being drawn, each thing for itself.
        """
        prompts = things(wish.prompt) if self._draws_several else [wish.prompt]
        sketches = Sketches(self.diffusion.decode, on_preview)
        for number in range(count):
            steps = Steps(wish.steps * len(prompts), before=number, count=count, on_progress=on_progress)
            wishes = [replace(wish, prompt=prompt, seed=wish.seed + number) for prompt in prompts]
            drawings = [self.draw(each, watched(steps, sketches)) for each in wishes]
            yield self.arrange(drawings, *size, pose_seed=wish.seed + number)
            on_progress((number + 1) / count)

    def draw(self, wish: Wish, on_step: OnStep | None = None) -> np.ndarray:
        """The small drawing of a wish, as floats from 0 to 1."""
        return self.diffusion.generate(
            wish.prompt,
            wish.negative_prompt,
            steps=wish.steps,
            guidance=wish.guidance,
            noise=noise(wish.seed),
            on_step=on_step,
        )

    def fit(self, drawn: np.ndarray, width: int, height: int) -> Image.Image:
        """The drawing enlarged to the shorter side, in the middle of a canvas of its border's colour."""
        return self.arrange([drawn], width, height)

    def arrange(
        self, drawings: Sequence[np.ndarray], width: int, height: int, *, pose_seed: int | None = None
    ) -> Image.Image:
        """The drawings enlarged and set side by side on a canvas of their borders' colour, perhaps posed."""
        spots = places(len(drawings), width, height)
        pictures = [self._enlarge(drawn, side) for drawn, (_, _, side) in zip(drawings, spots, strict=True)]
        canvas = Image.new("RGB", (width, height), border_colour(pictures[0]))
        if pose_seed is not None:
            chance = np.random.default_rng(pose_seed)
            pictures = [posed(picture, chance) for picture in pictures]
        for picture, (left, top, _) in zip(pictures, spots, strict=True):
            canvas.paste(picture, (left, top))
        return canvas

    def _enlarge(self, drawn: np.ndarray, side: int) -> Image.Image:
        """By as few of the enlargers as reach the side, and a last step to the very pixel."""
        pixels = (drawn * 255).round().astype(np.uint8)
        for enlarger in self._enlargers:
            if pixels.shape[0] < side:
                pixels = enlarger.enlarge(pixels)
        return Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)


def posed(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """The picture a little smaller, turned and shifted.

    The denoiser has learnt one picture of each thing, so that its noise alone would change next to nothing.
    """
    ground = border_colour(picture)
    turned = picture.rotate(chance.uniform(-TURN_MAX, TURN_MAX), Image.Resampling.BICUBIC, fillcolor=ground)
    side = round(picture.width * chance.uniform(*SHARES_OF_SIDE))
    left, top = (int(chance.integers(0, picture.width - side + 1)) for _ in range(2))
    canvas = Image.new("RGB", picture.size, ground)
    canvas.paste(turned.resize((side, side), Image.Resampling.LANCZOS), (left, top))
    return canvas


class Sketches:
    """Shows what is being drawn every few steps, and no more often than it would be heard."""

    def __init__(
        self, decode: Callable[[np.ndarray], np.ndarray], on_preview: Callable[[bytes], None] | None
    ) -> None:
        self._decode, self._on_preview = decode, on_preview
        self._due_seconds = 0.0

    def look(self, done: int, latents: np.ndarray) -> None:
        if self._on_preview is None or done % PREVIEW_STEPS or time.monotonic() < self._due_seconds:
            return
        self._due_seconds = time.monotonic() + PREVIEW_SECONDS
        self._on_preview(sketch(self._decode(latents)))


def watched(steps: Steps, sketches: Sketches) -> OnStep:
    def watch(done: int, latents: np.ndarray) -> None:
        steps.count_one()
        sketches.look(done, latents)

    return watch


def sketch(drawn: np.ndarray) -> bytes:
    """An unfinished drawing as a small WebP file."""
    file = io.BytesIO()
    pixels = (np.clip(drawn, 0, 1) * 255).round().astype(np.uint8)
    picture = Image.fromarray(pixels).resize((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BICUBIC)
    picture.save(file, "WEBP", quality=PREVIEW_QUALITY, method=0)
    return file.getvalue()


class Steps:
    """Progress from the steps of one picture, of `count` pictures, `before` of which are complete."""

    def __init__(self, steps: int, *, before: int, count: int, on_progress: Callable[..., None]) -> None:
        self._steps, self._before, self._count, self._on_progress = steps, before, count, on_progress
        self._done = 0

    def count_one(self) -> None:
        self._done += 1
        share = (self._before + DRAWING_SHARE * self._done / self._steps) / self._count
        self._on_progress(self._before * self._steps + self._done, self._count * self._steps, share=share)


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

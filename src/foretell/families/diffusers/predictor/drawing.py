"""Drawing pictures with a pipeline, from what was asked for to the files."""

import inspect
import math
import pathlib
import random
from dataclasses import dataclass
from typing import Any, Optional

import settings
import sizes
from cog import Path
from picture_file import open_picture, save_picture
from PIL import Image
from pipeline import Loaded, generator
from sketches import Sketches
from steps import Steps

TILED_PIXELS = 1536 * 1536
"""From this many on, a picture is decoded in tiles."""
TRUE_GUIDANCE = 4.0
"""How strictly a model that was made to need no negative prompt keeps away from one."""


@dataclass(frozen=True)
class Wish:
    """What a run was asked for; `image`, `mask` and `lora` are paths."""

    prompt: str
    negative_prompt: str = ""
    steps: int = settings.STEPS
    guidance: float = settings.GUIDANCE
    scheduler: str = "default"
    seed: Optional[int] = None
    num_outputs: int = 1
    width: Optional[int] = None
    height: Optional[int] = None
    aspect_ratio: str = "1:1"
    image: Optional[pathlib.Path] = None
    mask: Optional[pathlib.Path] = None
    strength: Optional[float] = None
    lora: Optional[pathlib.Path] = None
    lora_scale: float = 1.0
    output_format: str = "png"
    output_quality: int = 90
    safety_checker: bool = True


class Artist:
    """The loaded model; one wish at a time."""

    def __init__(self) -> None:
        self._loaded = Loaded()
        self._sketches = Sketches(self._loaded.pipeline)

    def draw(self, wish: Wish, relative: str = "") -> list[Path]:
        """The files of the pictures, drawn by the model's pipeline or by a `relative` of it.

        Raises ValueError for what the model cannot do.
        """
        pipeline = self._loaded.relative(relative) if relative else self._loaded.pipeline
        self._check(pipeline, wish)
        seed = random.randrange(2**31) if wish.seed is None else wish.seed
        if wish.seed is None:
            print(f"seed: {seed}")
        given, size, kept = _arguments(pipeline, wish)
        self._tile(size)
        self._loaded.prepare(pipeline, scheduler=wish.scheduler, lora=wish.lora, lora_scale=wish.lora_scale)
        # What is to be checked is shown to nobody before.
        sketch = None if wish.safety_checker else lambda latents: self._sketches.show(latents, size)
        steps = Steps(wish.num_outputs, sketch)
        paths = []
        for number in range(wish.num_outputs):
            told = steps.arguments(pipeline, given["num_inference_steps"])
            found = self._loaded.run(pipeline, **given, **told, generator=generator(seed + number))
            paths.append(_saved(_with_kept(found.images[0], kept), wish, number + 1))
            steps.next_call()
        return paths

    def _check(self, pipeline: Any, wish: Wish) -> None:
        takes = inspect.signature(pipeline.__call__).parameters
        if wish.negative_prompt and "negative_prompt" not in takes:
            raise ValueError("This model takes no negative_prompt.")
        if wish.mask and not wish.image:
            raise ValueError("A mask needs the image of which it is.")

    def _tile(self, size: sizes.Size) -> None:
        coder = getattr(self._loaded.pipeline, "vae", None)
        if not hasattr(coder, "use_tiling"):
            return
        if size[0] * size[1] > TILED_PIXELS:
            coder.enable_tiling()
        else:
            coder.disable_tiling()


def _arguments(pipeline: Any, wish: Wish) -> tuple[dict[str, Any], sizes.Size, Optional[tuple[Any, Any]]]:
    """The pipeline's arguments, the picture's size, and with a mask the picture and the mask as they are used."""
    takes = inspect.signature(pipeline.__call__).parameters
    given: dict[str, Any] = {
        "prompt": wish.prompt,
        "num_inference_steps": wish.steps,
        **_guidance(takes, wish),
    }
    if wish.image is None:
        size = sizes.wanted(wish.width, wish.height, wish.aspect_ratio)
        return {**given, "width": size[0], "height": size[1]}, size, None
    picture = open_picture(wish.image)
    size = sizes.like(picture.size, wish.width, wish.height)
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    given |= {"image": picture, "width": size[0], "height": size[1], "strength": wish.strength}
    if wish.strength and "strength" in takes:
        # It leaves out the first steps, which must not be all of them.
        given["num_inference_steps"] = max(wish.steps, math.ceil(1 / wish.strength))
    if wish.mask is None:
        return given, size, None
    mask = open_picture(wish.mask).convert("L").resize(size, Image.Resampling.BILINEAR)
    return {**given, "mask_image": mask}, size, (picture, mask)


def _guidance(takes: Any, wish: Wish) -> dict[str, Any]:
    negative = wish.negative_prompt or None
    own = takes.get("guidance_scale")
    if "true_cfg_scale" not in takes:
        return {"guidance_scale": wish.guidance, "negative_prompt": negative}
    if own is None or own.default is None:
        return {"true_cfg_scale": wish.guidance, "negative_prompt": negative or " "}
    strict = {"true_cfg_scale": TRUE_GUIDANCE, "negative_prompt": negative} if negative else {}
    return {"guidance_scale": wish.guidance, **strict}


def _with_kept(picture: Image.Image, kept: Optional[tuple[Image.Image, Image.Image]]) -> Image.Image:
    """The picture, with what a mask keeps as it was: encoding and decoding would change it a little."""
    if kept is None:
        return picture
    original, mask = kept
    return Image.composite(picture.resize(original.size), original, mask)


def _saved(picture: Image.Image, wish: Wish, number: int) -> Path:
    path = Path(f"picture-{number}.{wish.output_format}")
    save_picture(picture.convert("RGB"), path, output_format=wish.output_format, quality=wish.output_quality)
    return path

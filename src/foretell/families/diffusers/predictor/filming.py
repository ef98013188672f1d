"""Making films with a pipeline, from what was asked for to the file."""

import inspect
import pathlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import settings
from cog import Path
from film_inputs import FRAMES_MAX
from picture_file import open_picture
from PIL import Image, ImageOps
from pipeline import Loaded, generator
from sketches import Sketches
from steps import Steps
from video_file import write_video

from foretell import metric

MULTIPLE = 16
"""Of the sides: what each of these models and each encoder takes."""
TRUE_GUIDANCE = 4.0


@dataclass(frozen=True)
class Wish:
    """What a run was asked for; `image` and `lora` are paths."""

    width: int
    height: int
    prompt: str = ""
    negative_prompt: str = ""
    image: Optional[pathlib.Path] = None
    steps: int = settings.STEPS
    guidance: float = settings.GUIDANCE
    scheduler: str = "default"
    seed: Optional[int] = None
    num_frames: int = settings.FRAMES
    seconds: Optional[float] = None
    fps: int = settings.FPS
    lora: Optional[pathlib.Path] = None
    lora_scale: float = 1.0
    output_format: str = "mp4"

    @property
    def frames(self) -> int:
        """As many as the model can make, next to what was asked for."""
        wanted = round(self.seconds * self.fps) if self.seconds else self.num_frames
        step = settings.FRAME_STEP
        wanted = max(1, min(wanted, FRAMES_MAX))
        return max(1, round((wanted - 1) / step)) * step + 1 if step and wanted > 1 else wanted

    @property
    def size(self) -> tuple[int, int]:
        wide, high = (max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE) for side in (self.width, self.height))
        return wide, high


class Camera:
    """The loaded model; one wish at a time."""

    def __init__(self) -> None:
        self._loaded = Loaded()
        self._sketches = Sketches(self._loaded.pipeline)
        coder = getattr(self._loaded.pipeline, "vae", None)
        if hasattr(coder, "use_tiling"):
            coder.enable_tiling()  # a film's frames are decoded together, which takes more memory than all else

    def film(self, wish: Wish, relative: str = "", **more: Any) -> Path:
        """The film's file. Raises ValueError for what the model cannot do."""
        pipeline = self._loaded.relative(relative) if relative else self._loaded.pipeline
        takes = inspect.signature(pipeline.__call__).parameters
        if wish.negative_prompt and "negative_prompt" not in takes:
            raise ValueError("This model takes no negative_prompt.")
        seed = random.randrange(2**31) if wish.seed is None else wish.seed
        if wish.seed is None:
            print(f"seed: {seed}")
        self._loaded.prepare(pipeline, scheduler=wish.scheduler, lora=wish.lora, lora_scale=wish.lora_scale)
        steps = Steps(1, lambda latents: self._sketches.show(latents, wish.size))
        told = steps.arguments(pipeline, wish.steps)
        given = {**_arguments(takes, wish), **more, **told}
        found = self._loaded.run(pipeline, **given, generator=generator(seed))
        path = Path(f"film.{wish.output_format}")
        frames = list(_frames(found.frames[0]))
        write_video(iter(frames), path, frames_per_second=wish.fps)
        steps.next_call()
        metric("frame_count", len(frames))
        metric("video_seconds", round(len(frames) / wish.fps, 3))
        return path


def _arguments(takes: Any, wish: Wish) -> dict[str, Any]:
    width, height = wish.size
    given: dict[str, Any] = {"width": width, "height": height, "num_frames": wish.frames, "output_type": "np"}
    given |= {"num_inference_steps": wish.steps, "guidance_scale": wish.guidance}
    given |= {"frame_rate": wish.fps, "negative_prompt": wish.negative_prompt or None}
    given["prompt"] = wish.prompt
    if "true_cfg_scale" in takes and wish.negative_prompt:
        given["true_cfg_scale"] = TRUE_GUIDANCE
    if wish.image:
        picture = open_picture(wish.image)
        given["image"] = ImageOps.fit(picture, wish.size, Image.Resampling.LANCZOS)
    return given


def _frames(found: Any) -> Iterator[np.ndarray]:
    for frame in found:
        pixels = np.asarray(frame)
        yield pixels if pixels.dtype == np.uint8 else (pixels.clip(0, 1) * 255).round().astype(np.uint8)

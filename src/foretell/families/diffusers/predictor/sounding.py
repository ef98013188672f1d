"""Making sounds with a pipeline, from what was asked for to the file."""

import inspect
import random
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import torch
from cog import Path
from pipeline import Loaded, generator
from sound_file import write_sound
from steps import Steps

from foretell import metric

RATE = 44_100
"""Samples a second, of a model that does not say how many it makes."""


@dataclass(frozen=True)
class Wish:
    """What a run was asked for."""

    prompt: str
    seconds: float
    steps: int
    guidance: float
    seed: Optional[int]
    negative_prompt: str = ""
    lyrics: str = ""
    output_format: str = "wav"


class Studio:
    """The loaded model; one wish at a time."""

    def __init__(self) -> None:
        self._loaded = Loaded()

    def record(self, wish: Wish) -> Path:
        """The sound's file. Raises ValueError for what the model cannot do."""
        pipeline = self._loaded.pipeline
        takes = inspect.signature(pipeline.__call__).parameters
        if wish.negative_prompt and "negative_prompt" not in takes:
            raise ValueError("This model takes no negative_prompt.")
        seed = random.randrange(2**31) if wish.seed is None else wish.seed
        if wish.seed is None:
            print(f"seed: {seed}")
        steps = Steps(1)
        given = {**_arguments(wish), **steps.arguments(pipeline, wish.steps)}
        found = self._loaded.run(pipeline, **given, generator=generator(seed))
        samples = _channels(found.audios[0])
        rate = _rate(pipeline)
        samples = samples[:, : round(wish.seconds * rate)]
        path = Path(f"sound.{wish.output_format}")
        write_sound(samples, path, rate=rate)
        steps.next_call()
        metric("audio_seconds", round(samples.shape[1] / rate, 3))
        return path


def _arguments(wish: Wish) -> dict[str, Any]:
    """By every name that one of these pipelines has for it."""
    seconds = wish.seconds
    return {
        "prompt": wish.prompt,
        "negative_prompt": wish.negative_prompt or None,
        "lyrics": wish.lyrics,
        "num_inference_steps": wish.steps,
        "guidance_scale": wish.guidance,
        "audio_end_in_s": seconds,
        "audio_length_in_s": seconds,
        "audio_duration": seconds,
    }


def _channels(found: Any) -> np.ndarray:
    """Channels x samples."""
    samples = (
        found.detach().float().cpu().numpy()
        if isinstance(found, torch.Tensor)
        else np.asarray(found, np.float32)
    )
    return samples[None] if samples.ndim == 1 else samples


def _rate(pipeline: Any) -> int:
    for name in ("vae", "vocoder"):
        config = getattr(getattr(pipeline, name, None), "config", None)
        rate = getattr(config, "sampling_rate", None) or getattr(config, "sample_rate", None)
        # A spectrogram's decoder is not what makes the samples.
        if rate and not (name == "vae" and hasattr(pipeline, "vocoder")):
            return int(rate)
    return int(getattr(pipeline, "sample_rate", None) or RATE)

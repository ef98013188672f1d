"""Noise and words that change little from frame to frame, so that what is drawn from them turns smoothly."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from emoji_diffusion import Diffusion, noise

SECONDS_PER_SEED = 1.5


@dataclass(frozen=True)
class Script:
    """What a video shows, and how it is to be drawn."""

    prompt: str
    end_prompt: str
    negative_prompt: str
    steps: int
    guidance: float
    seed: int


def drawn(diffusion: Diffusion, script: Script, seconds: float, frames: int) -> Iterator[np.ndarray]:
    """Small pictures (height x width x 3, from 0 to 1), of which the last is nearly the first again."""
    away, first, second = diffusion.encode([script.negative_prompt, script.prompt, script.end_prompt])
    shares = there_and_back(frames) if script.end_prompt.strip() else np.zeros(frames, np.float32)
    for start, share in zip(wandering_noise(script.seed, seconds, frames), shares, strict=True):
        words = np.stack([away, first + share * (second - first)])
        latents = diffusion.denoise(words, start, steps=script.steps, guidance=script.guidance)
        yield diffusion.decode(latents)


def wandering_noise(seed: int, seconds: float, frames: int) -> Iterator[np.ndarray]:
    """Starting noise for each frame, through that of `seed`, `seed` + 1 … and back to the first."""
    stops = [noise(seed + number) for number in range(max(2, round(seconds / SECONDS_PER_SEED)))]
    for place in np.arange(frames) * len(stops) / frames:
        stop, way = divmod(float(place), 1)
        yield between(stops[int(stop)], stops[(int(stop) + 1) % len(stops)], way)


def between(first: np.ndarray, second: np.ndarray, way: float) -> np.ndarray:
    """Noise that is `way` (0 to 1) from the first to the second, and as strong as they are: along an arc."""
    cosine = np.vdot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if angle < 1e-4:
        return first
    mixed = np.sin((1 - way) * angle) * first + np.sin(way * angle) * second
    return (mixed / np.sin(angle)).astype(np.float32)


def there_and_back(frames: int) -> np.ndarray:
    """How much of the second prompt is in each frame: 0, up to 1 in the middle, and down again."""
    return ((1 - np.cos(np.arange(frames) * 2 * np.pi / frames)) / 2).astype(np.float32)

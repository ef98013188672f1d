"""Text to a small picture by latent diffusion, with onnxruntime, tokenizers and numpy alone.

Three networks work together: a text encoder, a denoiser that predicts the velocity of 4-channel latents, and
a decoder that draws 4 x 4 pixels for each latent. The denoiser was trained on 64 x 64 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from lexicon import Lexicon
from tokenizers import Tokenizer

NATIVE_SIDE = 64
PIXELS_PER_LATENT = 4
LATENT_CHANNELS = 4
WORDS_MAX = 24
THREADS = 2

TRAINING_TIMES = 1000
BETA_FIRST, BETA_LAST = 0.00085, 0.012

START, END = "<|startoftext|>", "<|endoftext|>"

OnStep = Callable[[int, np.ndarray], None]
"""Hears how many steps are done, and the latents to which they lead as far as can be told."""

FILES = ("text_encoder.onnx", "unet.onnx", "decoder.onnx", "tokenizer.json")


class Diffusion:
    """The loaded networks; one picture at a time."""

    def __init__(self, text_encoder: Path, unet: Path, decoder: Path, tokenizer: Path) -> None:
        self._text_encoder = session(text_encoder)
        self._unet = session(unet)
        self._decoder = session(decoder)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._lexicon = Lexicon(Path(__file__).with_name("lexicon.txt"))

    @classmethod
    def open(cls, find: Callable[[str], Path]) -> Diffusion:
        """Loads the files named in FILES, where `find` says they are."""
        return cls(*(Path(find(name)) for name in FILES))

    def generate(
        self,
        prompt: str,
        negative_prompt: str = "",
        *,
        steps: int = 25,
        guidance: float = 3.0,
        noise: np.ndarray,
        on_step: OnStep | None = None,
    ) -> np.ndarray:
        """The picture as height x width x 3 floats from 0 to 1."""
        words = self.encode([self._lexicon.avoided(negative_prompt), prompt])
        return self.decode(self.denoise(words, noise, steps=steps, guidance=guidance, on_step=on_step))

    def denoise(
        self,
        words: np.ndarray,
        noise: np.ndarray,
        *,
        steps: int,
        guidance: float,
        on_step: OnStep | None = None,
    ) -> np.ndarray:
        """The latents of a picture, away from the first row of word vectors and towards the second."""
        latents = noise.astype(np.float32)
        points = schedule(steps)
        previous: np.ndarray | None = None
        for done, (now, after) in enumerate(pairwise(points), start=1):
            away, towards = self._velocities(latents, now, words)
            clean = now.clean(latents, away + guidance * (towards - away))
            latents = advance(latents, clean, previous, (points[max(done - 2, 0)], now, after))
            previous = clean
            if on_step:
                on_step(done, clean)
        return latents

    def encode(self, texts: list[str]) -> np.ndarray:
        """One row of word vectors per text, of what the lexicon understands of it."""
        rows = [self._ids(self._lexicon.understood(text)) for text in texts]
        (words,) = self._text_encoder.run(None, {"ids": np.array(rows, np.int64)})
        return np.asarray(words)

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Latents (channels x height x width) to a picture."""
        (pixels,) = self._decoder.run(None, {"latents": latents[None].astype(np.float32)})
        picture = np.ascontiguousarray(np.asarray(pixels)[0].transpose(1, 2, 0))
        # The decoder leaves a grey speck in the very corners, which enlarging would make visible.
        picture[[0, 0, -1, -1], [0, -1, 0, -1]] = picture[[1, 1, -2, -2], [1, -2, 1, -2]]
        return picture

    def _ids(self, text: str) -> list[int]:
        start, end = self._tokenizer.token_to_id(START), self._tokenizer.token_to_id(END)
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids[: WORDS_MAX - 2]
        return [start, *ids, *[end] * (WORDS_MAX - 1 - len(ids))]

    def _velocities(self, latents: np.ndarray, point: Point, words: np.ndarray) -> np.ndarray:
        """What the denoiser predicts for the same latents with each of the two rows of word vectors."""
        pair = np.stack([latents, latents]).astype(np.float32)
        inputs = {"latents": pair, "time": np.array([point.time], np.int64), "words": words}
        return np.asarray(self._unet.run(None, inputs)[0])


@dataclass(frozen=True)
class Point:
    """A moment of the diffusion: its training time, and how much picture and how much noise there is."""

    time: int
    picture: float
    noise: float

    @property
    def log_ratio(self) -> float:
        return float(np.log(self.picture / self.noise))

    def clean(self, latents: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """The noiseless latents that a velocity points to."""
        return np.asarray(self.picture * latents - self.noise * velocity)


def noise(seed: int, width: int = NATIVE_SIDE, height: int = NATIVE_SIDE) -> np.ndarray:
    """The starting latents of a seed for a picture of width x height pixels (multiples of 16)."""
    shape = (LATENT_CHANNELS, height // PIXELS_PER_LATENT, width // PIXELS_PER_LATENT)
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def schedule(steps: int) -> list[Point]:
    """The points from pure noise to the picture: `steps` of them, and the end."""
    betas = np.linspace(BETA_FIRST**0.5, BETA_LAST**0.5, TRAINING_TIMES) ** 2
    kept = np.cumprod(1 - betas)
    times = np.round(TRAINING_TIMES - np.arange(steps) * TRAINING_TIMES / steps).astype(int) - 1
    points = [Point(int(time), float(kept[time] ** 0.5), float((1 - kept[time]) ** 0.5)) for time in times]
    return [*points, Point(0, 1.0, 0.0)]


def advance(
    latents: np.ndarray,
    clean: np.ndarray,
    previous: np.ndarray | None,
    points: tuple[Point, Point, Point],
) -> np.ndarray:
    """One step of DPM-Solver++ of second order; the first and the last step are of first order."""
    before, now, after = points
    if after.noise == 0:
        return clean
    stride = after.log_ratio - now.log_ratio
    if previous is not None:
        ratio = stride / (2 * (now.log_ratio - before.log_ratio))
        clean = clean + ratio * (clean - previous)
    kept = after.noise / now.noise * latents
    return np.asarray(kept - after.picture * np.expm1(-stride) * clean, np.float32)


def session(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

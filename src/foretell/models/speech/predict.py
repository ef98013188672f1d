"""Reads English text aloud."""

import random
from collections.abc import Iterator
from typing import Optional

import numpy as np
from audio_file import write_audio
from cog import BasePredictor, Input, Path
from hibari import SAMPLE_RATE, Hibari

from foretell import progress


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.voice = Hibari()
        self.voice("Ready.")  # the pronouncing dictionary is read when first needed

    def predict(
        self,
        prompt: str = Input(min_length=1, max_length=20_000, description="The English text to read aloud."),
        speed: float = Input(
            default=1.0, ge=0.5, le=2.0, description="1 is the voice's own pace, 2 twice as fast."
        ),
        seed: Optional[int] = Input(
            default=None,
            ge=0,
            description="The same seed and text give the same recording, sample for sample.",
        ),
        output_format: str = Input(
            default="wav",
            choices=["wav", "mp3", "flac", "opus", "aac", "pcm"],
            description="The kind of audio file; pcm is bare samples of 16 bits, 24,000 a second.",
        ),
    ) -> Path:
        sentences = self.voice.phonemize(prompt)
        if not sentences:
            raise ValueError("There is nothing in the text that can be read aloud.")
        if seed is None:
            seed = random.randrange(2**31)
            print(f"seed: {seed}")
        recording = Path(f"speech.{output_format}")
        parts = self._read(sentences, speed, np.random.default_rng(seed))
        seconds = write_audio(parts, recording, samples_per_second=SAMPLE_RATE)
        self.record_metric("audio_seconds", round(seconds, 3))
        return recording

    def _read(self, sentences: list[str], speed: float, noise: np.random.Generator) -> Iterator[np.ndarray]:
        for done, sentence in enumerate(sentences, start=1):
            yield self.voice.from_ids(self.voice.ids(sentence), speed, noise)
            progress(done, len(sentences), unit="sentence")

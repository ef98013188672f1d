"""Reads text aloud, by a VITS."""

import random
import re
from collections.abc import Iterator
from typing import Optional

import numpy as np
import torch
from audio_file import write_audio
from cog import BasePredictor, Input, Path
from placing import loaded
from settings import SPEAKERS, WEIGHT
from transformers import AutoTokenizer, VitsModel

from foretell import progress, weights

PAUSE_SECONDS = 0.25
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")


class Speaking(BasePredictor):
    def setup(self) -> None:
        folder = weights(WEIGHT)
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self.model = loaded(VitsModel, folder)
        self.rate = self.model.config.sampling_rate
        self.pace = self.model.speaking_rate

    def predict(
        self,
        prompt: str = Input(min_length=1, max_length=20_000, description="The text to read aloud."),
        speed: float = Input(
            default=1.0, ge=0.5, le=2.0, description="1 is the voice's own pace, 2 twice as fast."
        ),
        speaker: int = Input(
            default=0, ge=0, le=SPEAKERS - 1, description="Which of the model's voices; they have numbers."
        ),
        seed: Optional[int] = Input(
            default=None,
            ge=0,
            le=4294967294,
            description="The same seed and text give the same recording, sample for sample.",
        ),
        output_format: str = Input(
            default="wav",
            choices=["wav", "mp3", "flac", "opus", "aac", "pcm"],
            description="The kind of audio file; pcm is bare samples of 16 bits.",
        ),
    ) -> Path:
        sentences = [each for each in _SENTENCE_END.split(prompt) if self._numbers(each) is not None]
        if not sentences:
            raise ValueError("There is nothing in the text that can be read aloud.")
        if seed is None:
            seed = random.randrange(2**31)
            print(f"seed: {seed}")
        torch.manual_seed(seed)
        self.model.speaking_rate = self.pace * speed
        recording = Path(f"speech.{output_format}")
        seconds = write_audio(self._read(sentences, speaker), recording, samples_per_second=self.rate)
        self.record_metric("audio_seconds", round(seconds, 3))
        return recording

    def _read(self, sentences: list[str], speaker: int) -> Iterator[np.ndarray]:
        for done, sentence in enumerate(sentences, start=1):
            inputs = self._numbers(sentence).to(self.model.device)
            more = {"speaker_id": speaker} if SPEAKERS > 1 else {}
            with torch.inference_mode():
                waves = self.model(**inputs, **more).waveform[0]
            yield waves.float().cpu().numpy()
            if done < len(sentences):
                yield np.zeros(int(self.rate * PAUSE_SECONDS), np.float32)
            progress(done, len(sentences), unit="sentence")

    def _numbers(self, sentence: str) -> Optional[dict]:
        """The sentence as the network reads it; None where there is nothing in it."""
        inputs = self.tokenizer(sentence, return_tensors="pt")
        return inputs if len(set(inputs["input_ids"][0].tolist())) > 1 else None

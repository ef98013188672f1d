"""Writes down what is said, letter by letter: models that were trained with CTC, such as wav2vec 2.0."""

import numpy as np
import torch
from cog import BasePredictor, Input, Path
from placing import loaded
from settings import WEIGHT
from sound_file import SAMPLES_PER_SECOND, pieces, read_sound
from transcript import Segment, detailed, flowing, srt, timed, vtt
from transformers import AutoFeatureExtractor, AutoModelForCTC, AutoTokenizer

from foretell import progress, weights

PIECE_SECONDS, SEARCH_SECONDS = 30, 10
PIECE_SAMPLES_MIN = SAMPLES_PER_SECOND // 10  # in less than that there is no sound of speech


class Spelling(BasePredictor):
    def setup(self) -> None:
        folder = str(weights(WEIGHT))
        self.features = AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = loaded(AutoModelForCTC, weights(WEIGHT))

    def predict(
        self,
        audio: Path = Input(
            description="At most an hour: WAV, MP3, FLAC, Ogg, M4A or a video's sound track."
        ),
        timestamps: bool = Input(
            default=False,
            description="Begin each piece of up to half a minute on a line of its own, after its time.",
        ),
        output_format: str = Input(
            default="text",
            choices=["text", "srt", "vtt", "json"],
            description="srt and vtt are subtitles, json an object with the time of each piece; "
            "whatever is chosen is given as text.",
        ),
    ) -> str:
        sound = read_sound(audio)
        seconds = len(sound) / SAMPLES_PER_SECOND
        self.record_metric("audio_seconds", round(seconds, 3))
        segments: list[Segment] = []
        for start, piece in pieces(sound, PIECE_SECONDS, SEARCH_SECONDS):
            if len(piece) >= PIECE_SAMPLES_MIN:
                segments.append(self._heard(start, piece))
            progress(min((start + len(piece)) / len(sound), 1.0))
        segments = [each for each in segments if each.text.strip()]
        if output_format == "json":
            return detailed(segments, seconds, "")
        return {"text": timed if timestamps else flowing, "srt": srt, "vtt": vtt}[output_format](segments)

    def _heard(self, start: int, sound: np.ndarray) -> Segment:
        samples = sound.astype(np.float32) / 32768
        inputs = self.features(samples, sampling_rate=SAMPLES_PER_SECOND, return_tensors="pt")
        with torch.inference_mode():
            logits = self.model(**inputs.to(self.model.device, dtype=self.model.dtype)).logits[0]
        text = self.tokenizer.decode(logits.argmax(dim=-1).tolist(), skip_special_tokens=True)
        return Segment(start / SAMPLES_PER_SECOND, (start + len(sound)) / SAMPLES_PER_SECOND, text)

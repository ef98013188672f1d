"""Writes down what is said, by a Whisper for transformers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from cog import BasePredictor, Input, Path
from placing import loaded
from settings import LANGUAGE, LANGUAGES, WEIGHT
from sound_file import SAMPLES_PER_SECOND, pieces, read_sound
from transcript import Segment, detailed, flowing, srt, timed, vtt
from transformers import AutoModelForSpeechSeq2Seq, AutoProcessor

from foretell import progress, weights

AUTO = "auto"
PIECE_SECONDS, SEARCH_SECONDS = 30, 5  # the network hears half a minute at once
SILENCE = 40  # of 32768: what is not louder at any moment is not speech, in which a Whisper would hear some


class Hearing(BasePredictor):
    def setup(self) -> None:
        folder = weights(WEIGHT)
        self.processor = AutoProcessor.from_pretrained(str(folder), local_files_only=True)
        self.model = loaded(AutoModelForSpeechSeq2Seq, folder)

    def predict(
        self,
        audio: Path = Input(
            description="At most an hour: WAV, MP3, FLAC, Ogg, M4A or a video's sound track."
        ),
        timestamps: bool = Input(
            default=False, description="Begin each stretch of speech on a line of its own, after its time."
        ),
        initial_prompt: str = Input(
            default="", max_length=500, description="Names and words that occur, spelled as they should be."
        ),
        language: str = Input(
            default=LANGUAGE,
            choices=list(LANGUAGES),
            description="The language that is spoken; where several are known, `auto` finds out which.",
        ),
        task: str = Input(
            default="transcribe",
            choices=["transcribe", "translate"],
            description="`translate` writes down in English what is said in another language.",
        ),
        output_format: str = Input(
            default="text",
            choices=["text", "srt", "vtt", "json"],
            description="srt and vtt are subtitles, json an object with the time of each stretch of speech; "
            "whatever is chosen is given as text.",
        ),
    ) -> str:
        if task == "translate" and AUTO not in LANGUAGES:
            raise ValueError("task must be transcribe: this model knows no other language than English.")
        sound = read_sound(audio)
        seconds = len(sound) / SAMPLES_PER_SECOND
        self.record_metric("audio_seconds", round(seconds, 3))
        options = self._options(language, task, initial_prompt)
        segments: list[Segment] = []
        for start, piece in pieces(sound, PIECE_SECONDS, SEARCH_SECONDS):
            segments += self._heard(start / SAMPLES_PER_SECOND, piece, options)
            progress(min((start + len(piece)) / len(sound), 1.0))
        if output_format == "json":
            return detailed(segments, seconds, LANGUAGES[language])
        return {"text": timed if timestamps else flowing, "srt": srt, "vtt": vtt}[output_format](segments)

    def _options(self, language: str, task: str, initial_prompt: str) -> dict[str, Any]:
        options: dict[str, Any] = {"return_timestamps": True, "do_sample": False}
        if AUTO in LANGUAGES:
            options |= {"task": task} | ({} if language == AUTO else {"language": language})
        if initial_prompt:
            found = self.processor.get_prompt_ids(initial_prompt, return_tensors="pt")
            options["prompt_ids"] = found.to(self.model.device)
        return options

    def _heard(self, begins_at: float, sound: np.ndarray, options: dict[str, Any]) -> Iterator[Segment]:
        if not len(sound) or np.abs(sound.astype(np.int32)).max() <= SILENCE:
            return
        samples = sound.astype(np.float32) / 32768
        inputs = self.processor(samples, sampling_rate=SAMPLES_PER_SECOND, return_tensors="pt")
        features = inputs.input_features.to(self.model.device, self.model.dtype)
        with torch.inference_mode():
            [numbers] = self.model.generate(features, **options).tolist()
        ends_at = begins_at + len(sound) / SAMPLES_PER_SECOND
        for each in self.processor.decode(numbers, skip_special_tokens=True, output_offsets=True)["offsets"]:
            start, end = each["timestamp"]
            yield Segment(begins_at + start, ends_at if end is None else begins_at + end, each["text"])

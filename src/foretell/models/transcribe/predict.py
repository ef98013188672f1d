"""Writes down English speech."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from cog import BasePredictor, Input, Path
from faster_whisper import WhisperModel
from heard import segment_of
from sound_file import SAMPLES_PER_SECOND, pieces, read_sound
from transcript import Segment, detailed, flowing, srt, timed, vtt

from foretell import progress, weights

# The same recording gives the same text: nothing is drawn at random, nor is a stretch coloured by the last,
# which also keeps a small model from repeating itself for minutes.
HEARING = {"language": "en", "vad_filter": True, "temperature": 0.0, "condition_on_previous_text": False}


class Predictor(BasePredictor):
    def setup(self) -> None:
        folder = str(weights("whisper-tiny.en"))
        self.whisper = WhisperModel(
            folder, device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True
        )

    def predict(
        self,
        audio: Path = Input(
            description="At most an hour of English: WAV, MP3, FLAC, Ogg, M4A or a video's sound track."
        ),
        timestamps: bool = Input(
            default=False, description="Begin each stretch of speech on a line of its own, after its time."
        ),
        initial_prompt: str = Input(
            default="", max_length=500, description="Names and words that occur, spelled as they should be."
        ),
        language: str = Input(default="en", choices=["en"], description="The language that is spoken."),
        output_format: str = Input(
            default="text",
            choices=["text", "srt", "vtt", "json"],
            description="srt and vtt are subtitles, json an object with the time of each stretch of speech; "
            "whatever is chosen is given as text.",
        ),
        word_timestamps: bool = Input(default=False, description="For json: also the time of each word."),
    ) -> str:
        sound = read_sound(audio)
        seconds = len(sound) / SAMPLES_PER_SECOND
        self.record_metric("audio_seconds", round(seconds, 3))
        segments: list[Segment] = []
        options = {"initial_prompt": initial_prompt or None, "word_timestamps": word_timestamps}
        for start, piece in pieces(sound):
            for segment in self._heard(start / SAMPLES_PER_SECOND, piece, options):
                segments.append(segment)
                progress(min(segment.start / seconds, 1.0))
        if output_format == "json":
            return detailed(segments, seconds)
        return {"text": timed if timestamps else flowing, "srt": srt, "vtt": vtt}[output_format](segments)

    def _heard(self, begins_at: float, sound: np.ndarray, options: dict[str, Any]) -> Iterator[Segment]:
        samples = sound.astype(np.float32) / 32768
        heard, _ = self.whisper.transcribe(samples, **options, **HEARING)
        return (segment_of(begins_at, each) for each in heard)

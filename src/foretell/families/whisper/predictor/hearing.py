"""Writes down what is said, by a Whisper for CTranslate2."""

from collections.abc import Iterator
from typing import Any

import ctranslate2
import numpy as np
from cog import BasePredictor, Input, Path
from faster_whisper import WhisperModel
from heard import segment_of
from settings import LANGUAGE, LANGUAGES, WEIGHT
from sound_file import SAMPLES_PER_SECOND, pieces, read_sound
from transcript import Segment, detailed, flowing, srt, timed, vtt

from foretell import progress, weights

AUTO = "auto"


class Hearing(BasePredictor):
    def setup(self) -> None:
        has_gpu = ctranslate2.get_cuda_device_count() > 0
        self.whisper = WhisperModel(
            str(weights(WEIGHT)),
            device="cuda" if has_gpu else "cpu",
            compute_type="float16" if has_gpu else "int8",
            cpu_threads=2,
            local_files_only=True,
        )

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
        word_timestamps: bool = Input(default=False, description="For json: also the time of each word."),
        temperature: float = Input(
            default=0.0,
            ge=0.0,
            le=1.0,
            description="How freely words are chosen; 0 gives the same text each time.",
        ),
    ) -> str:
        if task == "translate" and AUTO not in LANGUAGES:
            raise ValueError("task must be transcribe: this model knows no other language than English.")
        sound = read_sound(audio)
        seconds = len(sound) / SAMPLES_PER_SECOND
        self.record_metric("audio_seconds", round(seconds, 3))
        # The same recording gives the same text: no stretch is coloured by the last, which also keeps a model
        # from repeating itself for minutes.
        hearing = {
            "language": None if language == AUTO else language,
            "task": task,
            "temperature": temperature,
            "initial_prompt": initial_prompt or None,
            "word_timestamps": word_timestamps,
            "vad_filter": True,
            "condition_on_previous_text": False,
        }
        segments: list[Segment] = []
        for start, piece in pieces(sound):
            for segment in self._heard(start / SAMPLES_PER_SECOND, piece, hearing):
                segments.append(segment)
                progress(min(segment.start / seconds, 1.0))
        if output_format == "json":
            return detailed(segments, seconds, LANGUAGES.get(hearing["language"] or "", ""))
        return {"text": timed if timestamps else flowing, "srt": srt, "vtt": vtt}[output_format](segments)

    def _heard(self, begins_at: float, sound: np.ndarray, hearing: dict[str, Any]) -> Iterator[Segment]:
        heard, found = self.whisper.transcribe(sound.astype(np.float32) / 32768, **hearing)
        # What was found once holds for the rest of the recording.
        hearing["language"] = hearing["language"] or found.language
        return (segment_of(begins_at, each) for each in heard)

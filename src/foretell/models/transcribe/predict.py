"""Writes down English speech."""

from collections.abc import Iterator

import numpy as np
from cog import BasePredictor, Input, Path
from faster_whisper import WhisperModel
from sound_file import SAMPLES_PER_SECOND, pieces, read_sound
from transcript import Segment, flowing, timed

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
    ) -> str:
        sound = read_sound(audio)
        self.record_metric("audio_seconds", round(len(sound) / SAMPLES_PER_SECOND, 3))
        segments: list[Segment] = []
        for start, piece in pieces(sound):
            for begins_at, text in self._heard(piece, initial_prompt):
                segments.append((start / SAMPLES_PER_SECOND + begins_at, text))
                progress(min(segments[-1][0] * SAMPLES_PER_SECOND / len(sound), 1.0))
        return timed(segments) if timestamps else flowing(segments)

    def _heard(self, sound: np.ndarray, initial_prompt: str) -> Iterator[Segment]:
        samples = sound.astype(np.float32) / 32768
        heard, _ = self.whisper.transcribe(samples, initial_prompt=initial_prompt or None, **HEARING)
        return ((segment.start, segment.text) for segment in heard)

"""Stand-ins for the built-in models: each takes a real model's inputs and answers at once with something of its kind.

The same inputs always give the same answer. Standard library only.
"""

import hashlib
import json
import struct
from typing import Any

from animation import HUNDREDTHS, animation
from cog import BaseModel, BasePredictor, Path
from kaleidoscope import kaleidoscope
from shapes import picture_size
from story import Story, given_back
from tone import samples, silence, tone
from transcript import SECONDS, transcript

from foretell import preview

__all__ = [
    "Moderation", "Picture", "Pictures", "Reading", "Sound", "Story", "Text", "Transcript", "Vectors", "Video",
]  # fmt: skip

SIDE_MAX = 2048
PREVIEW_SIDE = 64
FRAME_SIDE = 128
FRAMES = 8
DIMENSIONS = 384
HARMS = ("hate", "self_harm", "sexual", "violence", "jailbreak")
"""A text with the mark `sandbox:hate` is hateful, and so on; no other is."""
SOUNDS = {"mp3": (silence, "mp3"), "pcm": (samples, "pcm")}
"""Whatever else is asked for is given as a WAV file, and says so."""


class Pictures(BasePredictor):
    def predict(self, **inputs: Any) -> list[Path]:
        count = inputs.get("num_outputs") or 1
        preview(kaleidoscope(words(inputs), PREVIEW_SIDE, PREVIEW_SIDE))
        pictures = [drawn(f"picture-{number}.png", number, inputs) for number in range(1, count + 1)]
        self.record_metric("image_count", count)
        return pictures


class Picture(BasePredictor):
    def predict(self, **inputs: Any) -> Path:
        self.record_metric("image_count", 1)
        return drawn("picture.png", 1, inputs)


class Sound(BasePredictor):
    def predict(self, **inputs: Any) -> Path:
        make, kind = SOUNDS.get(inputs.get("output_format") or "wav", (tone, "wav"))
        path = Path(f"sound.{kind}")
        path.write_bytes(make(words(inputs)))
        return path


class Video(BasePredictor):
    def predict(self, **inputs: Any) -> Path:
        path = Path("video.gif")
        path.write_bytes(animation(words(inputs), FRAME_SIDE, FRAMES))
        self.record_metric("video_seconds", FRAMES * HUNDREDTHS / 100)
        return path


class Text(BasePredictor):
    def predict(self, **inputs: Any) -> str:
        return told(inputs)


class Transcript(BasePredictor):
    def predict(self, **inputs: Any) -> str:
        self.record_metric("audio_seconds", SECONDS)
        output_format = inputs.get("output_format") or "text"
        said = told({"audio": inputs.get("audio")})
        return transcript(said, output_format, has_words=bool(inputs.get("word_timestamps")))


class Page(BaseModel):
    text: str
    image: Path


class Reading(BasePredictor):
    def predict(self, **inputs: Any) -> Page:
        return Page(text=told(inputs), image=drawn("page.png", 1, inputs))


class Vectors(BasePredictor):
    def predict(self, **inputs: Any) -> list[list[float]]:
        texts = ([inputs["text"]] if inputs.get("text") else []) + list(inputs.get("texts") or ())
        tokens = list(inputs.get("tokens") or ())
        if not texts and not tokens:
            raise ValueError("Give a text, texts or tokens: there is nothing to turn into vectors.")
        self.record_metric("tokens_in", sum(map(len, tokens)) + sum(len(text.split()) for text in texts))
        return [vector(text) for text in texts] + [vector(json.dumps(each)) for each in tokens]


class Moderation(BasePredictor):
    def predict(self, **inputs: Any) -> list[dict[str, float]]:
        return [{harm: float(f"sandbox:{harm}" in text) for harm in HARMS} for text in inputs["texts"]]


def words(inputs: dict[str, Any]) -> str:
    """All inputs in one line, files by their content: what the answer follows from."""
    shown = {name: told_apart(value) for name, value in sorted(inputs.items())}
    return json.dumps(shown, sort_keys=True, default=str)


def told_apart(value: Any) -> Any:
    """A file as the hash of its bytes: where it was put is another place in every run."""
    path = Path(value) if isinstance(value, str) and value.startswith("/") else None
    if path is None or not path.is_file():
        return value
    return hashlib.sha256(path.read_bytes()).hexdigest()


def told(inputs: dict[str, Any]) -> str:
    """What was said, given back; for a model that is given no words, a sentence of its own."""
    said = inputs.get("prompt")
    if isinstance(said, str) and said:
        return given_back(said)
    return f"The sandbox has read {hashlib.sha256(words(inputs).encode()).hexdigest()[:8]}."


def drawn(name: str, number: int, inputs: dict[str, Any]) -> Path:
    """A PNG of the size that the inputs ask for."""
    width, height = picture_size(
        inputs.get("width"), inputs.get("height"), inputs.get("aspect_ratio") or "1:1"
    )
    path = Path(name)
    size = min(width, SIDE_MAX), min(height, SIDE_MAX)
    path.write_bytes(kaleidoscope(f"{words(inputs)}\n{number}", *size))
    return path


def vector(text: str) -> list[float]:
    """384 numbers of length 1 that follow from the text, and mean nothing."""
    stream = hashlib.shake_256(text.encode()).digest(2 * DIMENSIONS)
    numbers = [each / 32_768 for each in struct.unpack(f"{DIMENSIONS}h", stream)]
    length = sum(each * each for each in numbers) ** 0.5
    return [each / length for each in numbers]

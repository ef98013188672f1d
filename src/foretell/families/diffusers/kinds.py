"""The kinds of predictors that run pipelines of diffusers: the class of each, and what it is good for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREDICTOR = Path(__file__).parent / "predictor"
MODELS = Path(__file__).parents[2] / "models"

_ALL = ("pipeline.py", "schedulers.py", "sketches.py", "steps.py")
_PICTURES = (*_ALL, "picture_inputs.py", "drawing.py", "sizes.py")
_FILMS = (*_ALL, "film_inputs.py", "filming.py")
_SOUNDS = (*_ALL, "sound_inputs.py", "sounding.py", "sound_file.py")


@dataclass(frozen=True, slots=True)
class Kind:
    """One class of predictors. `names` are its files, the one with the class first."""

    type: str
    name: str
    capabilities: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def predictor(self) -> str:
        return f"{self.names[0]}:{self.name}"

    @property
    def files(self) -> tuple[Path, ...]:
        more = {
            "image": (MODELS / "pictures" / "picture_file.py",),
            "video": (MODELS / "pictures" / "picture_file.py", MODELS / "clip" / "video_file.py"),
        }
        return (*(PREDICTOR / name for name in self.names), *more.get(self.type, ()))


def _picture(name: str, file: str, *capabilities: str) -> Kind:
    return Kind("image", name, capabilities, (file, *_PICTURES))


def _film(name: str, file: str, *capabilities: str) -> Kind:
    return Kind("video", name, capabilities, (file, *_FILMS))


_TEXT, _IMAGE, _INPAINT = "text-to-image", "image-to-image", "inpainting"

KINDS: Mapping[str, Kind] = {
    "text": _picture("TextToImage", "text_to_image.py", _TEXT),
    "image": _picture("ImageToImage", "image_to_image.py", _TEXT, _IMAGE),
    "inpaint": _picture("Inpainting", "inpainting.py", _TEXT, _IMAGE, _INPAINT),
    "rework": _picture("Reworking", "reworking.py", _IMAGE),
    "fill": _picture("Filling", "filling.py", _INPAINT),
    "edit": _picture("Editing", "editing.py", _IMAGE),
    "either": _picture("DrawingAndEditing", "drawing_and_editing.py", _TEXT, _IMAGE),
    "text_film": _film("TextToVideo", "text_to_video.py", "text-to-video"),
    "image_film": _film("ImageToVideo", "image_to_video.py", "image-to-video"),
    "either_film": _film(
        "TextOrImageToVideo", "text_or_image_to_video.py", "text-to-video", "image-to-video"
    ),
    "motion": _film("Motion", "motion.py", "image-to-video"),
    "sound": Kind("audio", "TextToSound", ("text-to-audio",), ("text_to_sound.py", *_SOUNDS)),
    "song": Kind("music", "Song", ("text-to-music",), ("song.py", *_SOUNDS)),
}

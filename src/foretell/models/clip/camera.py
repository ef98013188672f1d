"""A camera over a flat picture: which part of it each frame shows."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

MOTIONS = ["zoom-in", "zoom-out", "pan-right", "pan-left", "pan-down", "pan-up"]
CLOSENESS = 1.35  # how many times nearer the camera comes, or is, while it pans

Box = tuple[float, float, float, float]


def filmed(picture: Image.Image, motion: str, size: tuple[int, int], frames: int) -> Iterator[np.ndarray]:
    """The frames, as bytes (height x width x 3)."""
    frame = _largest_frame(picture, size)
    for moment in eased(frames):
        box = view(motion, moment, picture.size, frame)
        yield np.asarray(picture.resize(size, Image.Resampling.BICUBIC, box=box))


def view(motion: str, moment: float, picture: tuple[int, int], frame: tuple[float, float]) -> Box:
    """What is in sight at a moment from 0 to 1: left, top, right and bottom, in the picture's pixels."""
    kind, _, direction = motion.partition("-")
    if direction in ("out", "left", "up"):
        moment = 1 - moment
    closeness = CLOSENESS**moment if kind == "zoom" else CLOSENESS
    width, height = frame[0] / closeness, frame[1] / closeness
    across = moment if direction in ("left", "right") else 0.5
    down = moment if direction in ("up", "down") else 0.5
    left, top = (picture[0] - width) * across, (picture[1] - height) * down
    return left, top, left + width, top + height


def eased(frames: int) -> np.ndarray:
    """Moments from 0 to 1, closer together at both ends, so that the camera starts and stops gently."""
    return (1 - np.cos(np.linspace(0, np.pi, frames))) / 2


def _largest_frame(picture: Image.Image, size: tuple[int, int]) -> tuple[float, float]:
    """The largest frame of the video's shape that fits the picture."""
    scale = min(picture.width / size[0], picture.height / size[1])
    return size[0] * scale, size[1] * scale

"""The lines of text in a picture."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidocr import RapidOCR

SIDE_MAX = 2000
LENGTH_TO_BREADTH_MAX = 3
MARK = (214, 40, 40)


@dataclass(frozen=True)
class Line:
    text: str
    confidence: float
    corners: list[tuple[float, float]]
    """In pixels: the corner at the beginning of the text's upper edge first, then clockwise."""


class Reader:
    def __init__(self) -> None:
        threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 2}
        self._read = RapidOCR(params={"Global.log_level": "error", **threads})
        self.lines(_sample(), min_confidence=0.0)  # the networks are loaded when first needed

    def lines(self, picture: Image.Image, *, min_confidence: float) -> list[Line]:
        """From top to bottom; those read with less confidence (0 to 1) are left out."""
        small = reduced(picture)
        blue_first = np.asarray(broadened(small))[:, :, ::-1]
        found = self._read(blue_first, text_score=min_confidence)
        if found.txts is None:
            return []
        scale = picture.width / small.width, picture.height / small.height
        corners = (found.boxes * scale).round(1).tolist()
        every = zip(found.txts, found.scores, corners, strict=True)
        return [Line(text, round(float(score), 4), places) for text, score, places in every if text.strip()]


def marked(picture: Image.Image, lines: list[Line]) -> Image.Image:
    """The picture, at most `SIDE_MAX` pixels a side, with a frame around each line."""
    small = reduced(picture)
    scale = small.width / picture.width
    pen = ImageDraw.Draw(small)
    for line in lines:
        frame = [(x * scale, y * scale) for x, y in line.corners]
        pen.line([*frame, frame[0]], fill=MARK, width=max(2, small.width // 400))
    return small


def broadened(picture: Image.Image) -> Image.Image:
    """The picture on white that is at least a third as broad as long, where it was narrower than that.

    The network that finds text enlarges the shorter side to 736 pixels, and the longer one with it: of a few
    rows of pixels it would make gigabytes.
    """
    width, height = picture.size
    shorter_min = math.ceil(max(width, height) / LENGTH_TO_BREADTH_MAX)
    ground = Image.new("RGB", (max(width, shorter_min), max(height, shorter_min)), "white")
    ground.paste(picture, (0, 0))
    return ground


def reduced(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    return small


def _sample() -> Image.Image:
    sample = Image.new("RGB", (320, 96), "white")
    ImageDraw.Draw(sample).text((24, 24), "Ready", fill="black", font=ImageFont.load_default(40))
    return sample

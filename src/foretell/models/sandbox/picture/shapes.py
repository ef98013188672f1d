"""How large a picture is that was asked for by its size, its shape, or neither."""

from typing import Optional

SIZES = {
    "1:1": (512, 512),
    "16:9": (768, 432),
    "9:16": (432, 768),
    "3:2": (672, 448),
    "2:3": (448, 672),
    "4:3": (640, 480),
    "3:4": (480, 640),
    "5:4": (640, 512),
    "4:5": (512, 640),
    "21:9": (896, 384),
    "9:21": (384, 896),
}


def picture_size(width: Optional[int], height: Optional[int], aspect_ratio: str) -> tuple[int, int]:
    """Width and height in pixels; what is not given follows from the shape."""
    across, down = SIZES[aspect_ratio]
    if width and height:
        return width, height
    if width:
        return width, max(1, width * down // across)
    if height:
        return max(1, height * across // down), height
    return across, down

"""How large a picture becomes."""

import math
from typing import Optional

from picture_inputs import SIDE_MAX
from settings import MULTIPLE, SIDE

Size = tuple[int, int]


def wanted(width: Optional[int], height: Optional[int], aspect_ratio: str) -> Size:
    """The size asked for; without one, as many pixels as the model was trained on, in the shape asked for."""
    if width or height:
        return _even(width or height), _even(height or width)
    across, _, down = aspect_ratio.partition(":")
    return shaped(int(across), int(down))


def shaped(across: float, down: float) -> Size:
    """A size of that shape with as many pixels as the model was trained on."""
    return _even(SIDE * math.sqrt(across / down)), _even(SIDE * math.sqrt(down / across))


def like(picture: Size, width: Optional[int], height: Optional[int]) -> Size:
    """The size asked for; without one, a picture's own, or what is left of it within the model's bounds."""
    across, down = picture
    if width or height:
        wide = width or height * across / down
        return _even(wide), _even(height or width * down / across)
    scale = min(1.0, SIDE_MAX / max(picture), math.sqrt(2 * SIDE * SIDE / (across * down)))
    return _even(across * scale), _even(down * scale)


def _even(side: float) -> int:
    return max(MULTIPLE, min(round(side / MULTIPLE) * MULTIPLE, SIDE_MAX))

"""Pictures and lists as tensors, and back."""

import pathlib
from typing import Any

import numpy as np
import settings
from picture_file import open_picture
from PIL import Image

MULTIPLE = 8
"""Of a picture's sides, where the graph takes any: what networks that halve it again and again can take."""
SIDE_MAX = 2048


def taken(described: dict[str, Any], value: Any) -> np.ndarray:
    """An input as its tensor. Raises ValueError for lists that do not fit."""
    if described["kind"] == "picture":
        return _of_picture(described, open_picture(pathlib.Path(value)))
    try:
        found = np.array(value, dtype=object if described["type"] == "str" else described["type"])
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{described['name']}: the lists are not of one shape: {error}") from error
    shape = described["shape"]
    fits = shape is None or (
        len(shape) == found.ndim and all(a is None or a == b for a, b in zip(shape, found.shape, strict=True))
    )
    if not fits:
        raise ValueError(f"{described['name']}: has the shape {list(found.shape)}, not {shape}.")
    return found


def picture(values: np.ndarray) -> Image.Image:
    """The picture in a tensor, whether its numbers go to 1 or to 255."""
    first = values[0]
    pixels = first.transpose(1, 2, 0) if first.shape[0] == 3 and first.shape[-1] != 3 else first
    if pixels.dtype != np.uint8:
        scaled = pixels.astype(np.float32)
        scaled = scaled if float(np.nanmax(scaled)) > 2 else scaled * 255
        pixels = (np.nan_to_num(scaled).clip(0, 255) + 0.5).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1] if settings.IS_BGR else pixels))


def classes(values: np.ndarray, top_k: int) -> list[dict[str, Any]]:
    """The likeliest classes; scores that do not add up to 1 are made to."""
    row = values.reshape(-1).astype(np.float64)
    if row.min() < 0 or abs(row.sum() - 1) > 0.01:
        row = np.exp(row - row.max())
        row /= row.sum()
    names = settings.LABELS
    return [
        {"label": names[each] if each < len(names) else str(each), "score": float(row[each])}
        for each in np.argsort(-row)[:top_k].tolist()
    ]


def listed(values: Any) -> Any:
    """Nested lists of numbers."""
    return values.tolist() if hasattr(values, "tolist") else values


def _of_picture(described: dict[str, Any], found: Image.Image) -> np.ndarray:
    sides = described["shape"][2:] if described["layout"] == "NCHW" else described["shape"][1:3]
    pixels = np.asarray(_fitted(found, sides[1], sides[0]))
    if settings.IS_BGR:
        pixels = pixels[:, :, ::-1]
    if described["type"] != "uint8":
        scaled = pixels.astype(np.float32) * settings.SCALE
        pixels = (scaled - np.array(settings.MEAN, np.float32)) / np.array(settings.SPREAD, np.float32)
    batch = (pixels.transpose(2, 0, 1) if described["layout"] == "NCHW" else pixels)[None]
    return np.ascontiguousarray(batch, dtype=described["type"])


def _fitted(found: Image.Image, wide: Any, high: Any) -> Image.Image:
    """As large as the graph wants it, in the middle; as large as it is, where the graph takes any size."""
    if settings.OUTPUT == "classes":
        size = (wide or settings.SIDE, high or settings.SIDE)
        if not settings.SHORTER_SIDE:
            return found.resize(size, Image.Resampling.BILINEAR)
        scale = max(settings.SHORTER_SIDE, *size) / min(found.size)
        larger = found.resize(
            (round(found.width * scale), round(found.height * scale)), Image.Resampling.BILINEAR
        )
        left, top = (larger.width - size[0]) // 2, (larger.height - size[1]) // 2
        return larger.crop((left, top, left + size[0], top + size[1]))
    scale = min(1.0, SIDE_MAX / max(found.size))
    free = [max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in found.size]
    return found.resize((wide or free[0], high or free[1]), Image.Resampling.LANCZOS)

"""Pictures enlarged by Real-ESRGAN networks on the CPU, tile by tile, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ncnn
import numpy as np

THREADS = 2
# Pixels of the neighbouring tiles that a network sees around its own, so that no seams show.
MARGIN = 10


@dataclass(frozen=True)
class Network:
    """By how much it enlarges, and the side of the tiles that it takes within a second or two."""

    factor: int
    tile_side: int


NETWORKS = {
    "realesrgan-x4plus": Network(4, 96),
    "realesrgan-x4plus-anime": Network(4, 128),
    "realesr-animevideov3-x2": Network(2, 256),
    "realesr-animevideov3-x3": Network(3, 256),
    "realesr-animevideov3-x4": Network(4, 256),
}


class Upscaler:
    """One of the NETWORKS, with its weights from that folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.factor, self._tile_side = NETWORKS[name].factor, NETWORKS[name].tile_side
        self._network = ncnn.Net()
        self._network.opt.num_threads = THREADS
        self._network.opt.use_vulkan_compute = False
        # Its tables for the large networks would take a gigabyte.
        self._network.opt.use_winograd63_convolution = False
        stem = str(Path(folder) / name)
        if self._network.load_param(f"{stem}.param") or self._network.load_model(f"{stem}.bin"):
            raise RuntimeError(f"{stem} is not a network that ncnn can read")

    def enlarge(
        self, pixels: np.ndarray, on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """Red, green and blue bytes (height x width x 3) enlarged; progress is heard as tiles done and in all."""
        height, width, _ = pixels.shape
        padded = np.pad(pixels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
        result = np.empty((height * self.factor, width * self.factor, 3), np.uint8)
        tiles = list(tiles_of(width, height, self._tile_side))
        for done, tile in enumerate(tiles, start=1):
            result[tile.window(self.factor)] = self._enlarge_tile(padded, tile)
            if on_progress:
                on_progress(done, len(tiles))
        return result

    def _enlarge_tile(self, padded: np.ndarray, tile: Tile) -> np.ndarray:
        seen = padded[tile.y : tile.bottom + 2 * MARGIN, tile.x : tile.right + 2 * MARGIN]
        drawn = self._run(np.ascontiguousarray(seen))
        edge = MARGIN * self.factor
        return drawn[edge:-edge, edge:-edge]

    def _run(self, pixels: np.ndarray) -> np.ndarray:
        height, width, _ = pixels.shape
        extractor = self._network.create_extractor()
        source = ncnn.Mat.from_pixels(pixels, ncnn.Mat.PixelType.PIXEL_RGB, width, height)
        source.substract_mean_normalize([], [1 / 255] * 3)
        extractor.input("data", source)
        failed, drawn = extractor.extract("output")
        if failed:
            raise MemoryError("the network could not be run on a tile")
        return (np.array(drawn).transpose(1, 2, 0).clip(0, 1) * 255).round().astype(np.uint8)


@dataclass(frozen=True)
class Tile:
    """A rectangle of the picture, in pixels before enlarging."""

    x: int
    y: int
    right: int
    bottom: int

    def window(self, factor: int) -> tuple[slice, slice]:
        """Where the tile lies in the enlarged picture."""
        return slice(self.y * factor, self.bottom * factor), slice(self.x * factor, self.right * factor)


def tiles_of(width: int, height: int, side: int) -> Iterator[Tile]:
    for y in range(0, height, side):
        for x in range(0, width, side):
            yield Tile(x, y, min(x + side, width), min(y + side, height))

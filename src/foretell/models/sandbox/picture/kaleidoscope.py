"""A kaleidoscope of triangles: the same words draw the same picture. Standard library only."""

import colorsys
import hashlib
import struct
import zlib

CELLS = 12  # along the shorter side
COLOURS = 6

Run = tuple[int, int]  # a colour's index, and over how many pixels


def kaleidoscope(words: str, width: int, height: int) -> bytes:
    """A PNG file of that many pixels, drawn from its middle outwards and mirrored both ways."""
    digest = hashlib.sha256(words.encode()).digest()
    side = max(2, min(width, height) // CELLS)
    lower = [_row(digest, y, width, side) for y in range((height + 1) // 2)]
    rows = lower[height % 2 :][::-1] + lower
    return _png(width, height, _palette(digest), b"".join(b"\0" + row for row in rows))


def _row(digest: bytes, y: int, width: int, side: int) -> bytes:
    half = (width + 1) // 2
    right = b"".join(bytes((colour,)) * length for colour, length in _runs(digest, y, half, side))[:half]
    return right[width % 2 :][::-1] + right


def _runs(digest: bytes, y: int, half: int, side: int) -> list[Run]:
    """The row through the cells from the middle outwards, each cut in two triangles by a diagonal."""
    runs: list[Run] = []
    row, depth = divmod(y, side)
    for column in range(half // side + 1):
        choice = hashlib.blake2b(struct.pack(">HH", row, column), key=digest, digest_size=3).digest()
        cut = depth if choice[0] % 2 else side - depth
        runs += [(choice[1] % COLOURS, cut), (choice[2] % COLOURS, side - cut)]
    return runs


def _palette(digest: bytes) -> bytes:
    """Six colours of one family, from light to dark, as PNG wants them: three bytes each."""
    hue, turn = digest[0] / 255, 0.05 + digest[1] / 255 * 0.12
    colours = (
        colorsys.hsv_to_rgb((hue + turn * step) % 1, 0.25 + 0.11 * step, 0.98 - 0.11 * step)
        for step in range(COLOURS)
    )
    return bytes(round(part * 255) for colour in colours for part in colour)


def _png(width: int, height: int, palette: bytes, pixels: bytes) -> bytes:
    header = struct.pack(
        ">IIBBBBB", width, height, 8, 3, 0, 0, 0
    )  # eight bits a pixel, colours from the palette
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

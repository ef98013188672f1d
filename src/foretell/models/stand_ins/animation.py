"""A small animated GIF: the same words give the same one. Standard library only."""

import colorsys
import hashlib
import struct

COLOURS = 128
CLEAR, END = 128, 129
PIXELS_PER_CLEAR = 126  # as many codes as fit before the decoder's codes would grow beyond a byte
HUNDREDTHS = 12  # how long a frame is shown


def animation(words: str, side: int, frames: int) -> bytes:
    """A GIF of `side` × `side` pixels, in which bands of colour wander."""
    digest = hashlib.sha256(words.encode()).digest()
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0xF6, 0, 0) + _palette(digest)
    endless = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    return head + endless + b"".join(_frame(digest, side, each, frames) for each in range(frames)) + b"\x3b"


def _palette(digest: bytes) -> bytes:
    hue = digest[0] / 256
    colours = (colorsys.hsv_to_rgb((hue + each / COLOURS) % 1, 0.6, 0.95) for each in range(COLOURS))
    return b"".join(bytes(int(255 * part) for part in colour) for colour in colours)


def _frame(digest: bytes, side: int, number: int, frames: int) -> bytes:
    slant, shift = 1 + digest[1] % 3, number * COLOURS // frames
    pixels = bytes((x + y * slant + shift) % COLOURS for y in range(side) for x in range(side))
    control = b"\x21\xf9\x04\x04" + struct.pack("<H", HUNDREDTHS) + b"\x00\x00"
    place = b"\x2c" + struct.pack("<HHHHB", 0, 0, side, side, 0)
    return control + place + b"\x07" + _blocks(_codes(pixels)) + b"\x00"


def _codes(pixels: bytes) -> bytes:
    """LZW in which every code is a pixel: a clear in time keeps all codes eight bits wide."""
    starts = range(0, len(pixels), PIXELS_PER_CLEAR)
    pieces = (bytes((CLEAR,)) + pixels[start : start + PIXELS_PER_CLEAR] for start in starts)
    return b"".join(pieces) + bytes((END,))


def _blocks(data: bytes) -> bytes:
    pieces = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes((len(each),)) + each for each in pieces)

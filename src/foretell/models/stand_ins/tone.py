"""A second of sound: the same words give the same tones. Standard library only."""

import array
import hashlib
import io
import math
import sys
import wave

RATE = 16_000
NOTES = 4
LOWEST_HERTZ = 220
LOUDNESS = 8_000


def tone(words: str) -> bytes:
    """A WAV file, one second of 16-bit mono at 16 kHz: four tones that follow from the words."""
    digest = hashlib.sha256(words.encode()).digest()
    samples = array.array("h", (_sample(digest, number) for number in range(RATE)))
    if sys.byteorder == "big":
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def _sample(digest: bytes, number: int) -> int:
    hertz = LOWEST_HERTZ * 2 ** (digest[number * NOTES // RATE] % 24 / 12)
    return int(LOUDNESS * math.sin(2 * math.pi * hertz * number / RATE))

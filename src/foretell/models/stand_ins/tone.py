"""A second of sound: the same words give the same sound. Standard library only."""

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
SILENT_FRAME = bytes.fromhex("fff348c4") + bytes(140)
"""576 samples of silence in MP3: 16 kHz, mono, 32 kbit/s."""


def tone(words: str) -> bytes:
    """A WAV file, one second of 16-bit mono at 16 kHz: four tones that follow from the words."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples(words))
    return file.getvalue()


def samples(words: str) -> bytes:
    """The same tones as bare samples, the lower byte first."""
    digest = hashlib.sha256(words.encode()).digest()
    found = array.array("h", (_sample(digest, number) for number in range(RATE)))
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def silence(words: str) -> bytes:
    """An MP3 file of a second without a sound, whose title follows from the words: tones would need an encoder."""
    title = b"\x03" + hashlib.sha256(words.encode()).hexdigest()[:16].encode()
    frame = b"TIT2" + len(title).to_bytes(4, "big") + bytes(2) + title
    tag = b"ID3\x04\x00\x00" + len(frame).to_bytes(4, "big") + frame
    return tag + SILENT_FRAME * (RATE // 576)


def _sample(digest: bytes, number: int) -> int:
    hertz = LOWEST_HERTZ * 2 ** (digest[number * NOTES // RATE] % 24 / 12)
    return int(LOUDNESS * math.sin(2 * math.pi * hertz * number / RATE))

"""Samples of sound, written to a file as they come."""

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

# The encoder of each kind of file, and its container where that does not follow from the suffix.
CODECS = {
    ".wav": ("pcm_s16le", None),
    ".mp3": ("libmp3lame", None),
    ".flac": ("flac", None),
    ".opus": ("libopus", "ogg"),
    ".aac": ("aac", "adts"),
    ".pcm": ("pcm_s16le", "s16le"),
}
BITS_PER_SECOND = {".mp3": 96_000, ".opus": 48_000, ".aac": 96_000}


def write_audio(parts: Iterable[np.ndarray], path: Path, *, samples_per_second: int) -> float:
    """Write mono samples between -1 and 1 and say how many seconds they last.

    The kind of file follows from the path's suffix, one of `CODECS`.
    """
    codec, container = CODECS[path.suffix]
    written = 0
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=samples_per_second, layout="mono")
        if path.suffix in BITS_PER_SECOND:
            stream.bit_rate = BITS_PER_SECOND[path.suffix]
        for samples in parts:
            frame = _frame(samples, samples_per_second)
            frame.pts = written
            written += frame.samples
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return written / samples_per_second


def _frame(samples: np.ndarray, samples_per_second: int) -> av.AudioFrame:
    integers = (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(integers[None, :], format="s16", layout="mono")
    frame.sample_rate = samples_per_second
    return frame

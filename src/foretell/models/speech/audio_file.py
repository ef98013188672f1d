"""Samples of sound, written to a file as they come."""

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

CODECS = {".wav": "pcm_s16le", ".mp3": "libmp3lame"}
MP3_BITS_PER_SECOND = 96_000


def write_audio(parts: Iterable[np.ndarray], path: Path, *, samples_per_second: int) -> float:
    """Write mono samples between -1 and 1 and say how many seconds they last.

    The kind of file follows from the path's suffix, one of `CODECS`.
    """
    written = 0
    with av.open(str(path), "w") as file:
        stream = file.add_stream(CODECS[path.suffix], rate=samples_per_second, layout="mono")
        if path.suffix == ".mp3":
            stream.bit_rate = MP3_BITS_PER_SECOND
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

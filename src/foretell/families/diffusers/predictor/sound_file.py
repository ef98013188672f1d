"""Sounds, written to a file."""

from pathlib import Path

import av
import numpy as np

ENCODERS = {".wav": ("pcm_s16le", "s16"), ".mp3": ("libmp3lame", "s16p"), ".flac": ("flac", "s16")}
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""What an MP3 may have, in samples a second."""


def write_sound(samples: np.ndarray, path: Path, *, rate: int) -> None:
    """Writes channels x samples of floats from -1 to 1; the kind of file follows from the suffix."""
    codec, form = ENCODERS[path.suffix]
    layout = "mono" if samples.shape[0] == 1 else "stereo"
    whole = (samples[:2].clip(-1, 1) * 32767).round().astype(np.int16)
    with av.open(str(path), "w") as file:
        own = next((each for each in RATES if each >= rate), RATES[-1]) if path.suffix == ".mp3" else rate
        stream = file.add_stream(codec, rate=own, layout=layout)
        packed = np.ascontiguousarray(whole.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=form, layout=layout, rate=rate, frame_size=stream.frame_size or 4096
        )
        for each in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(each))
        file.mux(stream.encode(None))

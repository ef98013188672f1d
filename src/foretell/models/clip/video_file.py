"""Frames, written to a video file as they come."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

ENCODERS = {
    ".mp4": ("libx264", {"crf": "18", "preset": "veryfast"}, {"movflags": "+faststart"}),
    ".webm": ("libvpx-vp9", {"crf": "30", "b": "0", "deadline": "good", "cpu-used": "4"}, {}),
}


def write_video(frames: Iterable[np.ndarray], path: Path, *, frames_per_second: int) -> None:
    """Write frames of even sides; the kind of file follows from the suffix: `.mp4`, `.webm` or `.gif`."""
    if path.suffix == ".gif":
        _write_gif(iter(frames), path, frames_per_second)
        return
    codec, options, flags = ENCODERS[path.suffix]
    # Bit-exact: no random ids and no dates, so that the same seed gives the same file.
    with av.open(str(path), "w", options={"fflags": "+bitexact", **flags}) as file:
        stream = None
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = file.add_stream(codec, rate=frames_per_second, options=options)
                stream.height, stream.width, _ = pixels.shape
                stream.pix_fmt = "yuv420p"
                stream.thread_count = 2
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, frames_per_second)
            file.mux(stream.encode(frame))
        if stream is not None:
            file.mux(stream.encode(None))


def _write_gif(frames: Iterator[np.ndarray], path: Path, frames_per_second: int) -> None:
    pictures = (Image.fromarray(pixels).quantize(256) for pixels in frames)
    milliseconds = round(100 / frames_per_second) * 10  # GIF counts in hundredths of a second
    next(pictures).save(path, save_all=True, append_images=pictures, duration=milliseconds, loop=0)

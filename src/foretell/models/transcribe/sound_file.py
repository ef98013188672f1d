"""The sound of strangers' files, opened with care."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np

SAMPLES_PER_SECOND = 16_000
MINUTES_MAX = 60
# Whisper's memory grows with what it is given at once: a gigabyte for a quarter of an hour.
PIECE_SECONDS = 180
QUIET_SAMPLES = SAMPLES_PER_SECOND // 5
SEARCH_SECONDS = 30  # a pause is looked for in the last half minute
# No playlists and no lists of other files: FFmpeg would open whatever they name.
FORMATS = "wav,w64,aiff,mp3,flac,ogg,aac,mov,mp4,matroska,webm,avi,asf,amr,au,caf"


def read_sound(path: Path) -> np.ndarray:
    """The file's sound, or its sound track: mono, 16 bits, at `SAMPLES_PER_SECOND`.

    Raises ValueError if there is none, the file is unknown or damaged, or it lasts over `MINUTES_MAX`.
    """
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        with av.open(str(path), container_options=options, metadata_errors="ignore") as file:
            if not file.streams.audio:
                raise ValueError("There is no sound in the file.")
            parts = list(_parts(file))
    except av.FFmpegError as error:
        raise ValueError("The file is not a recording of a known kind, or is damaged.") from error
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def _parts(file: av.container.InputContainer) -> Iterator[np.ndarray]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLES_PER_SECOND)
    left = MINUTES_MAX * 60 * SAMPLES_PER_SECOND
    for frame in chain(file.decode(audio=0), [None]):
        for part in resampler.resample(frame):
            left -= part.samples
            if left < 0:
                raise ValueError(f"The recording is longer than {MINUTES_MAX} minutes.")
            yield part.to_ndarray()[0]


def pieces(
    sound: np.ndarray, piece_seconds: int = PIECE_SECONDS, search_seconds: int = SEARCH_SECONDS
) -> Iterator[tuple[int, np.ndarray]]:
    """The sound in pieces of at most `piece_seconds`, cut where it is quiet; each with where it begins."""
    search = search_seconds * SAMPLES_PER_SECOND
    start = 0
    while start < len(sound):
        end = start + piece_seconds * SAMPLES_PER_SECOND
        if end < len(sound):
            end -= search - _quietest(sound[end - search : end])
        yield start, sound[start:end]
        start = end


def _quietest(sound: np.ndarray) -> int:
    """The middle of the quietest fifth of a second."""
    loudness = np.abs(sound.astype(np.int32)).reshape(-1, QUIET_SAMPLES).sum(axis=1)
    return int(loudness.argmin()) * QUIET_SAMPLES + QUIET_SAMPLES // 2

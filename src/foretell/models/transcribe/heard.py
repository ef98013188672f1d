"""What faster-whisper says it has heard, as segments of a transcript."""

from typing import Any

from transcript import Segment

MEASURES = ("seek", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob")


def segment_of(begins_at: float, heard: Any) -> Segment:
    """A segment as the network heard it in a piece that begins so many seconds into the recording."""
    words = tuple(
        {
            "word": each.word.strip(),
            "start": round(begins_at + each.start, 3),
            "end": round(begins_at + each.end, 3),
        }
        for each in heard.words or ()
    )
    measures = {name: getattr(heard, name) for name in MEASURES}
    return Segment(begins_at + heard.start, begins_at + heard.end, heard.text, words, measures)

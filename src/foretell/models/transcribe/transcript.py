"""What was heard, as text to read, as subtitles, or with all that is known of it."""

import html
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Segment:
    """A stretch of speech. Times are in seconds; `words` have theirs; `measures` is what the network says of it."""

    start: float
    end: float
    text: str
    words: tuple[dict[str, Any], ...] = ()
    measures: dict[str, Any] = field(default_factory=dict)


def flowing(segments: list[Segment]) -> str:
    return " ".join(each.text.strip() for each in segments)


def timed(segments: list[Segment]) -> str:
    """A line for each segment, such as `[00:01:02.500] Good morning.`"""
    return "\n".join(f"[{_clock(each.start)}] {each.text.strip()}" for each in segments)


def srt(segments: list[Segment]) -> str:
    """SubRip subtitles, one for each segment."""
    return "\n".join(
        f"{number}\n{_clock(each.start, ',')} --> {_clock(each.end, ',')}\n{_line(each)}\n"
        for number, each in enumerate(segments, start=1)
    )


def vtt(segments: list[Segment]) -> str:
    """WebVTT subtitles, one for each segment."""
    cues = (
        f"\n{_clock(each.start)} --> {_clock(each.end)}\n{html.escape(_line(each), quote=False)}\n"
        for each in segments
    )
    return "WEBVTT\n" + "".join(cues)


def detailed(segments: list[Segment], duration_seconds: float, language: str = "english") -> str:
    """A JSON object: the text, its segments, and its words where they were timed; times are in seconds."""
    found: dict[str, Any] = {
        "task": "transcribe",
        "language": language,
        "duration": round(duration_seconds, 3),
        "text": flowing(segments),
        "segments": [_described(number, each) for number, each in enumerate(segments)],
    }
    words = [word for each in segments for word in each.words]
    if words:
        found["words"] = words
    return json.dumps(found, ensure_ascii=False)


def _described(number: int, segment: Segment) -> dict[str, Any]:
    times = {"start": round(segment.start, 3), "end": round(segment.end, 3)}
    return {"id": number, **times, "text": segment.text, **segment.measures}


def _line(segment: Segment) -> str:
    """The text on one line that no player takes for a time."""
    return " ".join(segment.text.split()).replace("-->", "->")


def _clock(seconds: float, point: str = ".") -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"

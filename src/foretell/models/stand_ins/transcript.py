"""A sentence as what was said in a second of speech, in each form that a transcription has. Standard library only."""

import json
from typing import Any

SECONDS = 1.0
MEASURES = {
    "seek": 0,
    "tokens": [],
    "temperature": 0.0,
    "avg_logprob": 0.0,
    "compression_ratio": 1.0,
    "no_speech_prob": 0.0,
}


def transcript(text: str, output_format: str, *, has_words: bool) -> str:
    """The text alone, as subtitles (srt, vtt), or with its times as a JSON object; words share the second."""
    if output_format == "srt":
        return f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n"
    if output_format == "vtt":
        return f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{text}\n"
    if output_format == "json":
        return json.dumps(_detailed(text) | ({"words": _words(text)} if has_words else {}))
    return text


def _detailed(text: str) -> dict[str, Any]:
    segment = {"id": 0, "start": 0.0, "end": SECONDS, "text": text, **MEASURES}
    return {
        "task": "transcribe",
        "language": "english",
        "duration": SECONDS,
        "text": text,
        "segments": [segment],
    }


def _words(text: str) -> list[dict[str, Any]]:
    words = text.split()
    return [
        {"word": word, "start": round(number / len(words), 3), "end": round((number + 1) / len(words), 3)}
        for number, word in enumerate(words)
    ]

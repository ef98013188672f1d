"""A model that writes down speech, on a server that speaks OpenAI's language."""

import asyncio
import json
from typing import Optional

import settings
from cog import BasePredictor, Input, Path
from remote_files import media_type
from server import Ask, Server

from foretell import metric

FORMS = {"text": "json", "json": "verbose_json"}
"""What is asked for where it has another name; of what is asked for as `json`, the text is given."""


class Transcribe(BasePredictor):
    async def setup(self) -> None:
        self.server = Server(settings)

    async def predict(
        self,
        audio: Path = Input(description="The recording, or a video's sound track."),
        language: Optional[str] = Input(
            default=None, description="The language that is spoken, such as `en`."
        ),
        initial_prompt: str = Input(
            default="", max_length=2000, description="Names and words that occur, spelled as they should be."
        ),
        temperature: Optional[float] = Input(
            default=None, ge=0.0, le=1.0, description="0 always takes the likeliest words."
        ),
        word_timestamps: bool = Input(default=False, description="For json: also the time of each word."),
        output_format: str = Input(
            default="text",
            choices=["text", "srt", "vtt", "json"],
            description="srt and vtt are subtitles, json an object with the time of each stretch of speech; "
            "whatever is chosen is given as text.",
        ),
    ) -> str:
        form = {
            "model": settings.MODEL,
            "response_format": FORMS.get(output_format, output_format),
            "language": language,
            "prompt": initial_prompt or None,
            "temperature": None if temperature is None else str(temperature),
            "timestamp_granularities[]": ["segment", "word"] if word_timestamps else None,
            **settings.BODY,
        }
        data = await asyncio.to_thread(audio.read_bytes)
        ask = Ask(
            "POST",
            "/audio/transcriptions",
            form={name: value for name, value in form.items() if value is not None},
            files={"file": (audio.name, data, media_type(audio))},
            is_repeatable=True,
        )
        async with self.server.opened(ask) as answer:
            said = (await self.server.body(answer)).decode("utf-8", "replace")
        if output_format in ("srt", "vtt"):
            return said
        found = json.loads(said)
        usage = found.get("usage") or {}
        seconds = usage.get("seconds", found.get("duration"))
        if isinstance(seconds, (int, float)):
            metric("audio_seconds", seconds)
        return str(found["text"]) if output_format == "text" else said

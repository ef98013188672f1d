"""A model that reads text aloud, on a server that speaks OpenAI's language."""

from typing import Optional

import settings
from cog import BasePredictor, Input, Path, current_scope
from remote_files import Downloads
from server import Ask, Server


class Speak(BasePredictor):
    async def setup(self) -> None:
        self.server = Server(settings)

    async def predict(
        self,
        prompt: str = Input(min_length=1, max_length=20_000, description="The text to read aloud."),
        voice: Optional[str] = Input(default=None, description="In the server's words, such as `alloy`."),
        speed: float = Input(
            default=1.0, ge=0.25, le=4.0, description="1 is the voice's own pace, 2 twice as fast."
        ),
        instructions: Optional[str] = Input(
            default=None, description="How to speak, for models that take instructions."
        ),
        output_format: str = Input(
            default="wav",
            choices=["wav", "mp3", "flac", "opus", "aac", "pcm"],
            description="The kind of audio file.",
        ),
    ) -> Path:
        body = {
            "model": settings.MODEL,
            "input": prompt,
            "voice": voice or settings.VOICE or None,
            "response_format": output_format,
            "speed": None if speed == 1.0 else speed,
            "instructions": instructions,
            **settings.BODY,
        }
        asked = {name: value for name, value in body.items() if value is not None}
        async with self.server.opened(Ask("POST", "/audio/speech", asked)) as answer:
            recording = await self.server.body(answer)
        downloads = Downloads(self.server, current_scope().folder, settings.FILE_HOSTS)
        return await downloads.kept(recording, f"speech.{output_format}")

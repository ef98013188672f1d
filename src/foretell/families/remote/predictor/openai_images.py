"""A model that draws, on a server that speaks OpenAI's language."""

from typing import Any, Optional

import settings
from cog import BasePredictor, Input, Path, current_scope
from refusals import RemoteError
from remote_files import Downloads
from server import Ask, Server

from foretell import metric

FORMATS = {"jpg": "jpeg"}


class Draw(BasePredictor):
    async def setup(self) -> None:
        self.server = Server(settings)

    async def predict(
        self,
        prompt: str = Input(min_length=1, max_length=32_000, description="What to draw."),
        width: Optional[int] = Input(default=None, ge=64, le=4096, description="In pixels, with `height`."),
        height: Optional[int] = Input(default=None, ge=64, le=4096, description="In pixels, with `width`."),
        num_outputs: int = Input(default=1, ge=1, le=10, description="Pictures to draw."),
        seed: Optional[int] = Input(
            default=None,
            ge=0,
            description="The same seed and inputs give the same picture, where the server knows this.",
        ),
        quality: Optional[str] = Input(default=None, description="In the server's words, such as `high`."),
        style: Optional[str] = Input(default=None, description="In the server's words, such as `natural`."),
        background: Optional[str] = Input(default=None, description="Such as `transparent`."),
        output_format: Optional[str] = Input(
            default=None,
            choices=["png", "jpg", "webp"],
            description="The kind of file, where there is a choice.",
        ),
        safety_checker: bool = Input(
            default=True, description="Withhold pictures that are not safe for work. This server does it."
        ),
    ) -> list[Path]:
        if (width is None) != (height is None):
            raise ValueError("Give both width and height, or neither.")
        body = {
            "model": settings.MODEL,
            "prompt": prompt,
            "n": num_outputs,
            "size": f"{width}x{height}" if width else None,
            "seed": seed,
            "quality": quality,
            "style": style,
            "background": background,
            "output_format": FORMATS.get(output_format or "", output_format),
            **settings.BODY,
        }
        asked = {name: value for name, value in body.items() if value is not None}
        answer = await self.server.json(Ask("POST", "/images/generations", asked))
        _count(answer.get("usage") or {})
        return await self._pictures(answer)

    async def _pictures(self, answer: dict[str, Any]) -> list[Path]:
        downloads = Downloads(self.server, current_scope().folder, settings.FILE_HOSTS)
        kind = answer.get("output_format") or "png"
        found = []
        for each in answer.get("data") or []:
            encoded = each.get("b64_json")
            address = f"data:image/{kind};base64,{encoded}" if encoded else each.get("url")
            if address:
                found.append(await downloads.fetched(address))
        if not found:
            raise RemoteError(f"The server at {self.server.place} gave no picture.")
        return found


def _count(usage: dict[str, Any]) -> None:
    for name, field in (("tokens_in", "input_tokens"), ("tokens_out", "output_tokens")):
        if isinstance(usage.get(field), int):
            metric(name, usage[field])

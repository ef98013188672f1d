"""A model that makes vectors of texts, on a server that speaks OpenAI's language."""

from typing import Any, Optional

import settings
from cog import BasePredictor, Input
from refusals import RemoteError
from server import Ask, Server

from foretell import metric

TEXTS_MAX = 2048


class Embed(BasePredictor):
    async def setup(self) -> None:
        self.server = Server(settings)

    async def predict(
        self,
        text: str = Input(default="", description="One text; its vector comes first."),
        texts: Optional[list[str]] = Input(default=None, description="Up to 2,048 texts, a vector for each."),
    ) -> list[list[float]]:
        every = ([text] if text else []) + (texts or [])
        if not every:
            raise ValueError("Give a text or texts: there is nothing to embed.")
        if len(every) > TEXTS_MAX:
            raise ValueError(f"There are {len(every)} texts; at most {TEXTS_MAX} are taken at once.")
        body = {"model": settings.MODEL, "input": every, "encoding_format": "float", **settings.BODY}
        # Nothing is kept of it there: twice is as good as once.
        answer = await self.server.json(Ask("POST", "/embeddings", body, is_repeatable=True))
        read = (answer.get("usage") or {}).get("prompt_tokens")
        if isinstance(read, int):
            metric("tokens_in", read)
        return self._vectors(answer, len(every))

    def _vectors(self, answer: dict[str, Any], count: int) -> list[list[float]]:
        found = sorted(answer.get("data") or [], key=lambda each: each.get("index", 0))
        if len(found) != count:
            raise RemoteError(
                f"The server at {self.server.place} gave {len(found)} vectors for {count} texts."
            )
        return [[float(value) for value in each["embedding"]] for each in found]

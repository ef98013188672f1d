"""Yields text from an asynchronous generator, to several at once."""

import asyncio

from cog import AsyncConcatenateIterator, BasePredictor, Input


class Predictor(BasePredictor):
    async def predict(
        self, pieces: int = Input(default=5), pause_seconds: float = Input(default=0.01)
    ) -> AsyncConcatenateIterator[str]:
        for number in range(pieces):
            yield f"{number} "
            await asyncio.sleep(pause_seconds)

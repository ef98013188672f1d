"""Takes several runs at once, and one of them stops the loop for all."""

import asyncio
import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    async def predict(self, block: bool = Input(default=False), seconds: float = Input(default=600.0)) -> str:
        print("blocking" if block else "waiting")
        if block:
            time.sleep(seconds)  # noqa: ASYNC251
        await asyncio.sleep(seconds)
        return "finished"

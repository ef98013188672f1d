"""Cog with as many slots as there are callers: asynchronous, because its other form answers 409 to a second one."""

from cog import BasePredictor


class Predictor(BasePredictor):
    async def predict(self, prompt: str) -> str:
        return prompt

"""Answers with what it was given."""

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(
        self,
        prompt: str = Input(description="The text to give back."),
        repeat: int = Input(default=1, ge=1, le=1000, description="How many times, one after another."),
    ) -> str:
        return prompt * repeat

"""Does nothing, so that all that is measured is the server."""

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, prompt: str = Input(description="What to give back.")) -> str:
        return prompt

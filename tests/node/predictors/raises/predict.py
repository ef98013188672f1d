"""Raises what it is told, with a message over several lines."""

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, user_error: bool = Input(default=True)) -> str:
        if user_error:
            raise ValueError("width and height\nmust be\nmultiples of 8")
        raise RuntimeError("the second layer is missing")

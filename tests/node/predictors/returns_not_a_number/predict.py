"""Returns a number that JSON does not have."""

from typing import Any

from cog import BasePredictor


class Predictor(BasePredictor):
    def predict(self) -> Any:
        return {"scores": [0.5, float("nan")]}

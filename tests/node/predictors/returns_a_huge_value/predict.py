"""Returns more JSON than a frame may carry."""

from typing import Any

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, megabytes: int = Input(default=20), deep: bool = Input(default=False)) -> Any:
        if deep:
            return self.nested(200)
        return "x" * (megabytes * 1_000_000)

    def nested(self, levels: int) -> Any:
        value: Any = 0
        for _ in range(levels):
            value = [value]
        return value

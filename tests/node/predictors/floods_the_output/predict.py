"""Yields faster than anybody can read."""

from cog import BasePredictor, ConcatenateIterator, Input


class Predictor(BasePredictor):
    def predict(
        self, pieces: int = Input(default=100_000), characters: int = Input(default=100)
    ) -> ConcatenateIterator[str]:
        for _ in range(pieces):
            yield "x" * characters

"""Yields pieces as fast as it can, so that all that is measured is the server."""

from cog import BasePredictor, ConcatenateIterator, Input


class Predictor(BasePredictor):
    def predict(
        self, count: int = Input(default=1000, ge=1, le=100_000, description="How many pieces.")
    ) -> ConcatenateIterator[str]:
        for _ in range(count):
            yield "piece "

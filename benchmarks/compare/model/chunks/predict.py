"""Yields pieces as fast as it can, so that all that is measured is the server."""

import time

from cog import BasePredictor, ConcatenateIterator, Input


class Predictor(BasePredictor):
    def predict(
        self,
        count: int = Input(default=1000, ge=1, le=100_000, description="How many pieces."),
        pause: float = Input(
            default=0.0, ge=0.0, le=1.0, description="Seconds before each; it then says when."
        ),
    ) -> ConcatenateIterator[str]:
        for _ in range(count):
            if pause:
                time.sleep(pause)
            yield f"piece {time.monotonic():.6f} " if pause else "piece "

"""Yields some text and then raises."""

from cog import BasePredictor, ConcatenateIterator, Input


class Predictor(BasePredictor):
    def predict(self, pieces: int = Input(default=3)) -> ConcatenateIterator[str]:
        for number in range(pieces):
            yield f"{number} "
        raise ValueError("the words ran out")

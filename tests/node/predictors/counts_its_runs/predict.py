"""Returns how many runs its process has seen, and which process it is."""

import os

from cog import BasePredictor


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.runs = 0

    def predict(self) -> list[int]:
        self.runs += 1
        return [os.getpid(), self.runs]

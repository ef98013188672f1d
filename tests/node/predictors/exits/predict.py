"""Calls sys.exit in the middle of a run."""

import sys

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, status: int = Input(default=3)) -> str:
        sys.exit(status)

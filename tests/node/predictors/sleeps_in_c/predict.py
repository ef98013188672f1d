"""Sits in one C call that no exception reaches."""

import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, seconds: float = Input(default=600.0)) -> str:
        print("asleep")
        time.sleep(seconds)
        return "awake"

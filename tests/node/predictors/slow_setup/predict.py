"""Takes a while to set up, and counts its runs from there on."""

import os
import time

from cog import BasePredictor


class Predictor(BasePredictor):
    def setup(self) -> None:
        time.sleep(1)
        self.runs = 0

    def predict(self) -> str:
        self.runs += 1
        return f"{os.getpid()} {self.runs}"

"""Prints text that no newline ends, and waits."""

import sys
import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, seconds: float = Input(default=0.0)) -> str:
        print("10%", end="\r")
        print("20%", end="")
        sys.stderr.write("warming up")
        time.sleep(seconds)
        return "finished"

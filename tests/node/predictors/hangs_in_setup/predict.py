"""Is never done setting up."""

import time

from cog import BasePredictor


class Predictor(BasePredictor):
    def setup(self) -> None:
        print("loading")
        time.sleep(600)

    def predict(self) -> str:
        return "never"

"""Takes memory and keeps it."""

import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.kept = []

    def predict(self, megabytes: int = Input(default=200), seconds: float = Input(default=0.0)) -> str:
        for _ in range(megabytes):
            self.kept.append(bytearray(b"x") * 1_000_000)
        time.sleep(seconds)
        return f"holding {len(self.kept)} MB"

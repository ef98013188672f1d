"""Swallows the first cancel, as a library with a bare except would, and yields to the next."""

import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, seconds: float = Input(default=600.0)) -> str:
        print("going on")
        try:
            time.sleep(0)
            self.work(seconds)
        except BaseException:  # noqa: BLE001
            print("swallowed")
        self.work(seconds)
        return "finished"

    def work(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.01)

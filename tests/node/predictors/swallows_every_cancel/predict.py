"""Catches whatever is raised in it, a cancel too, and goes on."""

import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, seconds: float = Input(default=600.0)) -> str:
        print("going on")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                time.sleep(0.01)
            except BaseException:  # noqa: BLE001
                print("swallowed")
        return "finished"

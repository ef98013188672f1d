"""Ignores SIGTERM, and sits in a C call that no exception reaches."""

import ctypes
import signal
import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def setup(self) -> None:
        # By way of C: Python lets only the main thread set what a signal does.
        ctypes.CDLL(None).signal(signal.SIGTERM, ctypes.c_void_p(1))

    def predict(self, seconds: float = Input(default=600.0)) -> str:
        print("deaf")
        time.sleep(seconds)
        return "finished"

"""Sits in C and never lets another thread of its process run."""

import ctypes

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, seconds: int = Input(default=600)) -> str:
        print("holding")
        # PyDLL, and not CDLL, keeps the interpreter's lock for as long as the call takes.
        ctypes.PyDLL(None).sleep(seconds)
        return "let go"

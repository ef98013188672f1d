"""Reads the memory at address 0."""

import ctypes

from cog import BasePredictor


class Predictor(BasePredictor):
    def predict(self) -> str:
        return ctypes.string_at(0).decode()

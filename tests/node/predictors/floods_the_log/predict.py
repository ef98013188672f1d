"""Prints more than anybody wants to keep."""

import os

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(
        self,
        megabytes: int = Input(default=100),
        past_python: bool = Input(default=False, description="Write to file descriptor 1."),
    ) -> str:
        line = "x" * 1023 + "\n"
        for _ in range(megabytes * 1024):
            if past_python:
                os.write(1, line.encode())
            else:
                print(line, end="")
        return "finished"

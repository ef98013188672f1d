"""Writes to the file descriptors 1 and 2 itself, as libraries in C do."""

import os
import subprocess

from cog import BasePredictor


class Predictor(BasePredictor):
    def predict(self) -> str:
        os.write(1, b"raw out\n")
        os.write(2, b"raw err \xff\n")
        subprocess.run(["echo", "from a subprocess"], check=True)
        return "finished"

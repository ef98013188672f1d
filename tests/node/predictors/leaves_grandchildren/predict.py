"""Starts processes that keep its stdout and stderr open, one of them in a session of its own."""

import subprocess

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, seconds: int = Input(default=600), exits: bool = Input(default=False)) -> str:
        near = subprocess.Popen(["sleep", str(seconds)])
        far = subprocess.Popen(["sleep", str(seconds)], start_new_session=True)
        print("started", near.pid, far.pid)
        if exits:
            import os

            os._exit(1)
        return f"{near.pid} {far.pid}"

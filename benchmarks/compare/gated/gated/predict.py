"""Does nothing, once it may: what waits behind a run that waits for a file is a backlog."""

import pathlib
import time

from cog import BasePredictor, Input

LOOK_SECONDS = 0.02


class Predictor(BasePredictor):
    def predict(
        self,
        prompt: str = Input(description="What to give back."),
        gate: str = Input(default="", description="A file that has to be there first."),
    ) -> str:
        while gate and not pathlib.Path(gate).exists():
            time.sleep(LOOK_SECONDS)
        return prompt

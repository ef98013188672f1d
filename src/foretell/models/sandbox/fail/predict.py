"""Fails on purpose."""

import time

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(
        self,
        message: str = Input(
            default="This model always fails.", description="What the prediction's error says."
        ),
        after_seconds: float = Input(
            default=0.0, ge=0.0, le=60.0, description="How long to run before failing."
        ),
        prompt: str = Input(default="", description="Of no effect; taken so that other models' input fits."),
    ) -> str:
        print("about to fail, as asked")
        time.sleep(after_seconds)
        raise ValueError(message)

"""Works in steps and says after each how far it is."""

import time

from cog import BasePredictor, ConcatenateIterator, Input

from foretell import progress


class Predictor(BasePredictor):
    def setup(self, weights: object = None) -> None:
        print("ready to step")

    def predict(
        self, steps: int = Input(default=10, ge=1), step_seconds: float = Input(default=0.05, ge=0)
    ) -> ConcatenateIterator[str]:
        for step in range(steps):
            time.sleep(step_seconds)
            progress((step + 1) / steps)
            print(f"step {step + 1}/{steps}")
            self.record_metric("steps", step + 1)
            yield f"{step + 1} "

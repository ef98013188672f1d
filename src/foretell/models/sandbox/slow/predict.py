"""Takes its time, and says so."""

import time

from cog import BasePredictor, ConcatenateIterator, Input

from foretell import progress

TICKS_PER_SECOND = 10


class Predictor(BasePredictor):
    def predict(
        self,
        seconds: float = Input(default=3.0, ge=0.0, le=600.0, description="How long to take."),
        prompt: str = Input(default="", description="Of no effect; taken so that other models' input fits."),
    ) -> ConcatenateIterator[str]:
        ticks = round(seconds * TICKS_PER_SECOND)
        for tick in range(1, ticks + 1):
            time.sleep(1 / TICKS_PER_SECOND)
            progress(tick, ticks)
            yield f"{tick / TICKS_PER_SECOND:.1f} s\n"
        yield "done\n"

"""Cannot even be imported here."""

import torch_that_is_not_there as torch
from cog import BasePredictor, ConcatenateIterator, Input

torch.require_gpu()
SCHEDULERS = {"fast": torch.Fast, "good": torch.Good}


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.device = torch.device("cuda")

    def predict(
        self,
        prompt: str = Input(description="What to say."),
        scheduler: str = Input(default="fast", choices=list(SCHEDULERS)),
        heat: float = Input(default=0.7, ge=0, le=2),
    ) -> ConcatenateIterator[str]:
        yield from self.device.say(prompt)

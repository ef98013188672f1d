"""How much harm there is in texts: hate, self-harm, sex, violence, and attempts to talk a model out of its rules."""

from pathlib import Path

from cog import BasePredictor, Input
from judge import Judge

from foretell import progress, weights

TEXTS_MAX = 256


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.judge = Judge(weights("minilm"), Path(__file__).with_name("head.safetensors"))

    def predict(
        self, texts: list[str] = Input(description="Up to 256 texts, each judged by its worst sentence.")
    ) -> list[dict[str, float]]:
        if len(texts) > TEXTS_MAX:
            raise ValueError(f"There are {len(texts)} texts; at most {TEXTS_MAX} are taken at once.")
        found = []
        for done, text in enumerate(texts, start=1):
            found.append(self.judge.scores(text))
            if len(texts) > 1:
                progress(done, len(texts), unit="text")
        return found

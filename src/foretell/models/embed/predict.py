"""Turns sentences into vectors that are near where meanings are near."""

from typing import Optional

from cog import BasePredictor, Input
from sentence_encoder import SentenceEncoder

from foretell import progress, weights

TEXTS_MAX = 2048
DIGITS = 7  # a 32-bit number holds no more


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.encoder = SentenceEncoder(weights("minilm"))

    def predict(
        self,
        text: str = Input(default="", description="One text; its vector comes first."),
        texts: Optional[list[str]] = Input(default=None, description="Up to 2,048 texts, a vector for each."),
    ) -> list[list[float]]:
        every = ([text] if text else []) + (texts or [])
        if not every:
            raise ValueError("Give a text or texts: there is nothing to embed.")
        if len(every) > TEXTS_MAX:
            raise ValueError(f"There are {len(every)} texts; at most {TEXTS_MAX} are taken at once.")
        vectors, tokens_in = [], 0
        for done, each in enumerate(every, start=1):
            tokens = self.encoder.tokens(each)
            tokens_in += len(tokens)
            vectors.append([round(float(value), DIGITS) for value in self.encoder.encode(tokens)])
            progress(done / len(every))
        self.record_metric("tokens_in", tokens_in)
        return vectors

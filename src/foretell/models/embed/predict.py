"""Turns sentences into vectors that are near where meanings are near."""

from typing import Optional

from cog import BasePredictor, Input
from sentence_encoder import TOKENS_MAX, SentenceEncoder

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
        tokens: Optional[list[list[int]]] = Input(
            default=None,
            description="Texts as the numbers of their pieces in the model's own vocabulary, up to 256 each, "
            "taken as they are; a vector for each, after those of texts.",
        ),
    ) -> list[list[float]]:
        said, numbers = ([text] if text else []) + (texts or []), tokens or []
        count = len(said) + len(numbers)
        if not count:
            raise ValueError("Give a text, texts or tokens: there is nothing to embed.")
        if count > TEXTS_MAX:
            raise ValueError(f"There are {count} texts; at most {TEXTS_MAX} are taken at once.")
        for index, each in enumerate(numbers):
            self._check(index, each)
        vectors, tokens_in = [], 0
        for done, each in enumerate([*map(self.encoder.tokens, said), *numbers], start=1):
            tokens_in += len(each)
            vectors.append([round(float(value), DIGITS) for value in self.encoder.encode(each)])
            progress(done / count)
        self.record_metric("tokens_in", tokens_in)
        return vectors

    def _check(self, index: int, tokens: list[int]) -> None:
        if not 1 <= len(tokens) <= TOKENS_MAX:
            raise ValueError(f"tokens[{index}] has {len(tokens)} tokens; it must have 1 to {TOKENS_MAX}.")
        strange = next((each for each in tokens if not 0 <= each < self.encoder.vocabulary), None)
        if strange is not None:
            last = self.encoder.vocabulary - 1
            raise ValueError(f"tokens[{index}] has {strange}; the model's vocabulary goes from 0 to {last}.")

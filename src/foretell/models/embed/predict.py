"""Turns sentences into vectors that are near where meanings are near."""

from collections.abc import Iterator
from typing import Any, Optional, Union

from cog import BasePredictor, Input
from sentence_encoder import TOKENS_MAX, SentenceEncoder

from foretell import member, metric, progress, weights

TEXTS_MAX = 2048
DIGITS = 7  # a 32-bit number holds no more
TOKENS_TOGETHER = 256  # what is computed at once of several predictions; more gains nothing


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
        asked = self._asked(text, texts, tokens)
        vectors = []
        for done, each in enumerate(asked, start=1):
            vectors.append(rounded(self.encoder.encode(each)))
            if len(asked) > 1:
                progress(done, len(asked), unit="text")
        self.record_metric("tokens_in", sum(map(len, asked)))
        return vectors

    def predict_batch(self, inputs: list[dict[str, Any]]) -> list[Union[list[list[float]], ValueError]]:
        asked = [self._asked_or_refused(each) for each in inputs]
        texts = [each for found in asked if isinstance(found, list) for each in found]
        vectors = (rounded(each) for part in parts(texts) for each in self.encoder.encode_together(part))
        answers: list[Union[list[list[float]], ValueError]] = []
        for index, found in enumerate(asked):
            if isinstance(found, ValueError):
                answers.append(found)
                continue
            answers.append([next(vectors) for _ in found])
            with member(index):
                metric("tokens_in", sum(map(len, found)))
        return answers

    def _asked(
        self, text: str, texts: Optional[list[str]], tokens: Optional[list[list[int]]]
    ) -> list[list[int]]:
        """What is to be embedded, as tokens. ValueError for what cannot be."""
        said, numbers = ([text] if text else []) + (texts or []), tokens or []
        count = len(said) + len(numbers)
        if not count:
            raise ValueError("Give a text, texts or tokens: there is nothing to embed.")
        if count > TEXTS_MAX:
            raise ValueError(f"There are {count} texts; at most {TEXTS_MAX} are taken at once.")
        for index, each in enumerate(numbers):
            self._check(index, each)
        return [*map(self.encoder.tokens, said), *numbers]

    def _asked_or_refused(self, given: dict[str, Any]) -> Union[list[list[int]], ValueError]:
        try:
            return self._asked(**given)
        except ValueError as error:
            return error

    def _check(self, index: int, tokens: list[int]) -> None:
        if not 1 <= len(tokens) <= TOKENS_MAX:
            raise ValueError(f"tokens[{index}] has {len(tokens)} tokens; it must have 1 to {TOKENS_MAX}.")
        strange = next((each for each in tokens if not 0 <= each < self.encoder.vocabulary), None)
        if strange is not None:
            last = self.encoder.vocabulary - 1
            raise ValueError(f"tokens[{index}] has {strange}; the model's vocabulary goes from 0 to {last}.")


def rounded(vector: Any) -> list[float]:
    return [round(float(value), DIGITS) for value in vector]


def parts(texts: list[list[int]]) -> Iterator[list[list[int]]]:
    """The texts in lots of not much more than `TOKENS_TOGETHER` tokens."""
    part: list[list[int]] = []
    for each in texts:
        part.append(each)
        if sum(map(len, part)) >= TOKENS_TOGETHER:
            yield part
            part = []
    if part:
        yield part

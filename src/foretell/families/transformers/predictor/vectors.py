"""Turns texts into vectors that are near where meanings are near."""

from typing import Optional

from cog import BasePredictor, Input
from encoder import Encoder
from placing import device
from settings import QUANTISED, TOKENS_MAX, WEIGHT

from foretell import progress, weights

TEXTS_MAX = 2048
DIGITS = 7  # a 32-bit number holds no more
TOGETHER = 32  # on a GPU; on a processor a text alone is as fast, and its vector depends on no other


class Vectors(BasePredictor):
    def setup(self) -> None:
        self.encoder = Encoder(weights(WEIGHT), tokens_max=TOKENS_MAX, is_quantised=QUANTISED)
        self.together = 1 if device() == "cpu" else TOGETHER

    def predict(
        self,
        text: str = Input(default="", description="One text; its vector comes first."),
        texts: Optional[list[str]] = Input(default=None, description="Up to 2,048 texts, a vector for each."),
        tokens: Optional[list[list[int]]] = Input(
            default=None,
            description="Texts as the numbers of their pieces in the model's own vocabulary, "
            "taken as they are; a vector for each, after those of texts.",
        ),
        prompt_name: str = Input(
            default="",
            description="For models that tell what a text is for, such as `query` or `document`: which it is.",
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
        prompt = self._prompt(prompt_name or self.encoder.prompt_name)
        read = [*(self.encoder.tokens(prompt + each) for each in said), *numbers]
        vectors = []
        for start in range(0, count, self.together):
            found = self.encoder.encode(read[start : start + self.together])
            vectors += [[round(value, DIGITS) for value in each] for each in found.tolist()]
            progress(len(vectors), count, unit="text")
        self.record_metric("tokens_in", sum(map(len, read)))
        return vectors

    def _prompt(self, name: str) -> str:
        if name and name not in self.encoder.prompts:
            known = ", ".join(sorted(self.encoder.prompts)) or "none"
            raise ValueError(f"prompt_name must be one that the model has ({known}); it is '{name}'.")
        return self.encoder.prompts.get(name, "")

    def _check(self, index: int, tokens: list[int]) -> None:
        if not 1 <= len(tokens) <= TOKENS_MAX:
            raise ValueError(f"tokens[{index}] has {len(tokens)} tokens; it must have 1 to {TOKENS_MAX}.")
        strange = next((each for each in tokens if not 0 <= each < self.encoder.vocabulary), None)
        if strange is not None:
            last = self.encoder.vocabulary - 1
            raise ValueError(f"tokens[{index}] has {strange}; the model's vocabulary goes from 0 to {last}.")

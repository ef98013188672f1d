"""Sentence vectors and the trained head together: a text in, a score for each kind of harm out."""

from pathlib import Path

import numpy as np
from head import CATEGORIES, Head
from pieces import pieces
from sentence_encoder import SentenceEncoder


class Judge:
    def __init__(self, minilm: Path, head: Path) -> None:
        self._encoder = SentenceEncoder(minilm)
        self._head = Head(head)

    def scores(self, text: str) -> dict[str, float]:
        """Each category's highest score among the text's sentences, from 0 to 1; 0 where nothing is said."""
        found = pieces(text)
        if not found:
            return dict.fromkeys(CATEGORIES, 0.0)
        vectors = np.stack([self._encoder.encode(self._encoder.tokens(each)) for each in found])
        highest = self._head.scores(vectors).max(axis=0)
        return {name: round(float(score), 4) for name, score in zip(CATEGORIES, highest, strict=True)}

"""The trained part: from the vector of a sentence to a score for each kind of harm."""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

CATEGORIES = ("hate", "self_harm", "sexual", "violence", "jailbreak")


class Head:
    """Several small networks of two layers whose answers are averaged."""

    def __init__(self, file: Path) -> None:
        self._layers = load_file(file)

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """A row for each vector, a column for each of CATEGORIES, from 0 to 1."""
        hidden = (
            np.einsum("td,mdh->mth", vectors, self._layers["inner"]) + self._layers["inner_bias"][:, None]
        )
        outer = np.einsum("mth,mhc->mtc", np.maximum(hidden, 0), self._layers["outer"])
        logits = (outer + self._layers["outer_bias"][:, None]).mean(axis=0)
        return 1 / (1 + np.exp(-logits * self._layers["slope"] - self._layers["shift"]))

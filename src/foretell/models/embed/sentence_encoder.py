"""The MiniLM sentence encoder: a BERT of six layers, computed with numpy."""

import os
from pathlib import Path

# OpenBLAS reads this when numpy is first imported. Its threads wait for each other by spinning: for such
# small matrices two are slower than one on a machine with other work (measured: 48 ms a sentence and 7 ms).
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

TOKENS_MAX = 256
HEADS = 12
LAYERS = 6
EPSILON = 1e-12  # of the layer norms, from the model's configuration


class SentenceEncoder:
    """Text in, a vector of length 1 out. No text sees another, also where several are computed at once."""

    def __init__(self, folder: Path) -> None:
        self._weights = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(TOKENS_MAX)

    @property
    def vocabulary(self) -> int:
        """How many pieces it knows: their numbers are from 0 to one less."""
        return len(self._weights["embeddings.word_embeddings.weight"])

    def tokens(self, text: str) -> list[int]:
        """The text as the numbers of its pieces, between the marks of start and end; cut if too long."""
        return self._tokenizer.encode(text).ids

    def encode(self, tokens: list[int]) -> np.ndarray:
        return self.encode_together([tokens])[0]

    def encode_together(self, texts: list[list[int]]) -> list[np.ndarray]:
        """A vector for each: the weights, which take longer to read than a short text to compute, are read once."""
        # One after the other in one matrix, without padding; only attention looks beyond its own row.
        ends = np.cumsum([len(each) for each in texts])
        parts = [slice(end - len(each), end) for end, each in zip(ends, texts, strict=True)]
        states = self._embedded(texts)
        for layer in range(LAYERS):
            states = self._layer(f"encoder.layer.{layer}", states, parts)
        means = [states[part].mean(axis=0) for part in parts]
        return [mean / np.linalg.norm(mean) for mean in means]

    def _embedded(self, texts: list[list[int]]) -> np.ndarray:
        words = self._weights["embeddings.word_embeddings.weight"][np.concatenate(texts)]
        places = np.concatenate([np.arange(len(each)) for each in texts])
        positions = self._weights["embeddings.position_embeddings.weight"][places]
        first_sentence = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._normalized("embeddings.LayerNorm", words + positions + first_sentence)

    def _layer(self, name: str, states: np.ndarray, parts: list[slice]) -> np.ndarray:
        attended = self._linear(
            f"{name}.attention.output.dense", self._attention(f"{name}.attention.self", states, parts)
        )
        states = self._normalized(f"{name}.attention.output.LayerNorm", attended + states)
        widened = gelu(self._linear(f"{name}.intermediate.dense", states))
        return self._normalized(
            f"{name}.output.LayerNorm", self._linear(f"{name}.output.dense", widened) + states
        )

    def _attention(self, name: str, states: np.ndarray, parts: list[slice]) -> np.ndarray:
        query, key, value = (
            self._linear(f"{name}.{part}", states).reshape(len(states), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        attended = np.empty_like(states)
        for part in parts:
            scores = (
                query[:, part] @ key[:, part].transpose(0, 2, 1) / np.sqrt(query.shape[-1], dtype=np.float32)
            )
            attended[part] = (
                (softmax(scores) @ value[:, part]).transpose(1, 0, 2).reshape(-1, states.shape[1])
            )
        return attended

    def _linear(self, name: str, states: np.ndarray) -> np.ndarray:
        return states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normalized(self, name: str, states: np.ndarray) -> np.ndarray:
        centred = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def gelu(values: np.ndarray) -> np.ndarray:
    return values * (1 + error_function(values / np.sqrt(2, dtype=np.float32))) / 2


def error_function(values: np.ndarray) -> np.ndarray:
    """erf to within 2e-7, which numpy lacks: Abramowitz and Stegun, formula 7.1.26."""
    steps = 1 / (1 + np.float32(0.3275911) * np.abs(values))
    series = np.zeros_like(values)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * steps
    return np.sign(values) * (1 - series * np.exp(-(values**2)))

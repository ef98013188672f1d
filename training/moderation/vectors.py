"""The sentence vectors that the moderation model sees, kept in a file so that they are computed once."""

import hashlib
import sys
from pathlib import Path

import numpy as np

MODELS = Path(__file__).parents[2] / "src" / "foretell" / "models"
sys.path[:0] = [str(MODELS / "embed"), str(MODELS / "moderation")]

from sentence_encoder import SentenceEncoder  # noqa: E402


def vectors(texts: list[str], minilm: Path, kept: Path) -> np.ndarray:
    found = dict(np.load(kept)) if kept.exists() else {}
    encoder = SentenceEncoder(minilm)
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    for key, text in zip(keys, texts):
        if key not in found:
            found[key] = encoder.encode(encoder.tokens(text)).astype(np.float32)
    np.savez(kept, **found)
    return np.stack([found[key] for key in keys])

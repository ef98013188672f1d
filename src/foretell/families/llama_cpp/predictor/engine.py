"""Opens the language model that this folder is about."""

import os

from language_model import LanguageModel, Size
from settings import CONTEXT_TOKENS, FILE, WEIGHT

from foretell import weights

BATCH_TOKENS = 256


def opened() -> LanguageModel:
    """The model, on the GPU as far as it fits where llama.cpp was built for one."""
    found = weights(WEIGHT)
    size = Size(context_tokens=CONTEXT_TOKENS, batch_tokens=BATCH_TOKENS, threads=cores())
    return LanguageModel(found / FILE if FILE else found, size)


def cores() -> int:
    """Half of those that the system counts: it counts each twice, and llama.cpp is slower on both halves."""
    return max(
        1,
        len(os.sched_getaffinity(0)) // 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 2) // 2,
    )

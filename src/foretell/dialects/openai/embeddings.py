"""Embeddings: what a body asks for, and the answer made of a prediction."""

import base64
import math
import struct
from collections.abc import Sequence
from typing import Any

from foretell.dialects.openai.chat import tokens
from foretell.dialects.openai.errors import refused
from foretell.dialects.openai.messages import Embedding, EmbeddingList, EmbeddingsBody
from foretell.dialects.openai.vocabulary import CL100K, text_of
from foretell.errors import Code, Error
from foretell.model import Alias, Version
from foretell.prediction import Prediction

INPUTS_MAX = 2048
ENCODINGS = ("float", "base64")


def input_for(version: Version, body: EmbeddingsBody, alias: Alias | None = None) -> dict[str, Any]:
    """The input of a run. Raises Error(MODEL_NOT_SUPPORTED | INVALID_PARAMETER).

    `alias` is the name it was asked for by, where that is another model's: tokens are of that one's vocabulary.
    """
    properties = version.input_schema.get("properties", {})
    if version.manifest.type != "embedding" or not {"text", "texts"} & properties.keys():
        message = f"The model '{version.model}' does not make embeddings."
        raise Error(Code.MODEL_NOT_SUPPORTED, message, details=("model: does not make embeddings",))
    if body.encoding_format not in {None, *ENCODINGS}:
        raise refused("encoding_format", f"must be one of {', '.join(ENCODINGS)}")
    if body.dimensions is not None and body.dimensions < 1:
        raise refused("dimensions", "must be at least 1")
    field, found = _field(body.input)
    if field == "tokens" and alias is not None and alias.tokens == CL100K:
        field, found = "texts", [text_of(each, "input") for each in found]
    if field == "texts" and "texts" not in properties and len(found) == 1:
        return {"text": found[0]}
    if field not in properties:
        what = "tokens" if field == "tokens" else "more than one text at once"
        raise refused("input", f"has {what}, which the model '{version.model}' does not take")
    return {field: found}


def embeddings(body: EmbeddingsBody, prediction: Prediction) -> EmbeddingList:
    """The answer. Raises Error(INVALID_PARAMETER) for more dimensions than the vectors have."""
    vectors = [_cut(each, body.dimensions) for each in _vectors(prediction, len(_field(body.input)[1]))]
    read = tokens(prediction, "tokens_in")
    return {
        "object": "list",
        "data": [_embedding(index, each, body.encoding_format) for index, each in enumerate(vectors)],
        "model": body.model,
        "usage": {"prompt_tokens": read, "total_tokens": read},
    }


def _field(given: str | Sequence[str | int | list[int]]) -> tuple[str, list[Any]]:
    """Which of a model's inputs is meant, and what it holds: one entry for each vector."""
    if isinstance(given, str):
        given = [given]
    if not given:
        raise refused("input", "must not be empty")
    if all(isinstance(each, int) for each in given):
        return "tokens", _tokens([list(given)])
    if len(given) > INPUTS_MAX:
        raise refused("input", f"has {len(given):,} entries, more than the {INPUTS_MAX:,} allowed")
    empty = next((place for place, each in enumerate(given) if each in ("", [])), None)
    if empty is not None:
        raise refused(f"input[{empty}]", "must not be empty")
    if all(isinstance(each, str) for each in given):
        return "texts", list(given)
    if all(isinstance(each, list) for each in given):
        return "tokens", _tokens(list(given))
    raise refused("input", "must be all text, or all tokens")


def _tokens(found: list[Any]) -> list[Any]:
    if any(token < 0 for each in found for token in each):
        raise refused("input", "must not have negative tokens")
    return found


def _vectors(prediction: Prediction, count: int) -> list[list[float]]:
    """The model's vectors, also where it gives the one alone."""
    found = prediction.result
    vectors = found if _is_list(found) and all(_is_list(each) for each in found) else [found]
    if len(vectors) != count or not all(_is_vector(each) for each in vectors):
        raise Error(Code.INFERENCE_FAILED, f"The model did not answer with {count} vectors.")
    return list(vectors)


def _cut(vector: list[float], dimensions: int | None) -> list[float]:
    """The first `dimensions` numbers, of length 1 again."""
    if dimensions is None or dimensions == len(vector):
        return vector
    if dimensions > len(vector):
        raise refused("dimensions", f"is more than the {len(vector)} that the model has")
    kept = vector[:dimensions]
    length = math.hypot(*kept) or 1.0
    return [each / length for each in kept]


def _embedding(index: int, vector: list[float], encoding: str | None) -> Embedding:
    shown: list[float] | str = vector
    if encoding == "base64":
        shown = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return {"object": "embedding", "index": index, "embedding": shown}


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_vector(value: Any) -> bool:
    return _is_list(value) and bool(value) and all(isinstance(each, int | float) for each in value)

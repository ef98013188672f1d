"""Moderations: what a body asks to be judged, and the answer made of a prediction."""

from collections.abc import Sequence
from typing import Any, TypedDict, cast

from msgspec import Struct

from foretell.dialects.openai.errors import refused
from foretell.errors import Code, Error
from foretell.prediction import Prediction

JUDGE = "moderation"
NAMES = (JUDGE, "omni-moderation", "text-moderation")
"""A model's name that begins so means the one that judges here."""
TEXTS_MAX = 256
CHARACTERS_MAX = 100_000
CATEGORIES = {"hate": "hate", "self-harm": "self_harm", "sexual": "sexual", "violence": "violence"}
"""OpenAI's categories that are judged here; the others are left out, for nobody has looked."""

Categories = TypedDict("Categories", {"hate": bool, "self-harm": bool, "sexual": bool, "violence": bool})
Scores = TypedDict("Scores", {"hate": float, "self-harm": float, "sexual": float, "violence": float})
InputTypes = TypedDict(
    "InputTypes", {"hate": list[str], "self-harm": list[str], "sexual": list[str], "violence": list[str]}
)


class ModerationsBody(Struct):
    """Texts to judge: one, several, or the parts of one message, each of type text."""

    input: str | list[str | dict[str, Any]]
    model: str | None = None


class ModerationResult(TypedDict):
    """What was found; scores are from 0 to 1, and `flagged` says that one of them is over the threshold."""

    flagged: bool
    categories: Categories
    category_scores: Scores
    category_applied_input_types: InputTypes


class Moderation(TypedDict):
    """The answer: a result for each text, or one for all parts."""

    id: str
    model: str
    results: list[ModerationResult]


def input_for(body: ModerationsBody) -> dict[str, Any]:
    """The input of a run. Raises Error(INVALID_PARAMETER | MODEL_NOT_FOUND)."""
    if body.model is not None and not body.model.startswith(NAMES):
        message = f"There is no model '{body.model[:100]}' that judges texts; leave 'model' out."
        raise Error(Code.MODEL_NOT_FOUND, message)
    texts = _texts(body.input)
    if len(texts) > TEXTS_MAX:
        raise refused("input", f"has {len(texts):,} texts, more than the {TEXTS_MAX} allowed")
    if sum(map(len, texts)) > CHARACTERS_MAX:
        raise refused("input", f"is longer than {CHARACTERS_MAX:,} characters")
    return {"texts": texts}


def moderation(body: ModerationsBody, prediction: Prediction, *, threshold: float) -> Moderation:
    """The answer; parts make one result together. Raises Error(INFERENCE_FAILED) where there are no scores."""
    try:
        scores = [
            {name: float(each[score]) for name, score in CATEGORIES.items()} for each in prediction.result
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise Error(Code.INFERENCE_FAILED, "The model did not answer with scores.") from error
    if _is_of_parts(body.input):
        scores = [{name: max(each[name] for each in scores) for name in CATEGORIES}]
    return {
        "id": f"modr-{prediction.id}",
        "model": prediction.model,
        "results": [_result(each, threshold) for each in scores],
    }


def _result(scores: dict[str, float], threshold: float) -> ModerationResult:
    categories = {name: score >= threshold for name, score in scores.items()}
    return {
        "flagged": any(categories.values()),
        "categories": cast(Categories, categories),
        "category_scores": cast(Scores, scores),
        "category_applied_input_types": cast(InputTypes, {name: ["text"] for name in scores}),
    }


def _texts(given: str | Sequence[str | dict[str, Any]]) -> list[str]:
    if isinstance(given, str):
        given = [given]
    if not given:
        raise refused("input", "must not be empty")
    if _is_of_parts(given):
        return [_text(place, part) for place, part in enumerate(given)]
    if not all(isinstance(each, str) for each in given):
        raise refused("input", "must be all text, or all parts")
    return [str(each) for each in given]


def _is_of_parts(given: str | Sequence[str | dict[str, Any]]) -> bool:
    return not isinstance(given, str) and all(isinstance(each, dict) for each in given)


def _text(place: int, part: Any) -> str:
    if part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise refused(f"input[{place}]", "must be a part of type text: pictures are not judged here")
    return str(part["text"])

"""Words are judged by the moderation model: what is asked of a moderated model, and what it answers.

Judging never fails a prediction: what cannot be judged counts as not evaluated, and nothing is said of it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.errors import Error
from foretell.model import Version
from foretell.node.ask import ask
from foretell.node.fleet import Fleet
from foretell.node.trouble import LoadFailed, RunFailed
from foretell.store import Store

CHECKER = "moderation"
"""The hidden model that scores texts."""
SEVERITIES = ("safe", "low", "medium", "high")
HARMS = ("hate", "self_harm", "sexual", "violence")
JAILBREAK = "jailbreak"
MESSAGES_MAX = 32
"""The newest messages are judged, no more of them than that."""
CHARACTERS_MAX = 32_000
"""As much of the newest text is judged, counted from its end."""
ROOM_SECONDS = 2.0
"""How long to wait for memory: a model at work is not unloaded for a judgement of what it is asked."""
FILTERED_MESSAGE = {"finish_reason": "content_filter"}

log = logging.getLogger(__name__)

Scores = dict[str, float]
"""For each kind of harm, from 0 to 1."""
Verdict = dict[str, dict[str, Any]]
"""For each kind of harm, whether it is filtered and how severe it is; of a jailbreak, whether it was detected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges the words of one prediction. `threshold` is the score from which they are filtered."""

    fleet: Fleet
    store: Store
    folder: Path
    threshold: float

    async def prompt(self, texts: list[str]) -> Verdict | None:
        """None: not evaluated."""
        scores = await self._scores(texts)
        if scores is None:
            return None
        detected = scores[JAILBREAK] >= self.threshold
        return self._verdict(scores) | {JAILBREAK: {"filtered": detected, "detected": detected}}

    async def answer(self, texts: list[str]) -> Verdict | None:
        """None: not evaluated."""
        scores = await self._scores(texts)
        return None if scores is None else self._verdict(scores)

    def _verdict(self, scores: Scores) -> Verdict:
        return {harm: verdict(scores[harm], self.threshold) for harm in HARMS}

    async def _scores(self, texts: list[str]) -> Scores | None:
        """The highest among the texts; None when there are none, or they could not be judged."""
        if not texts:
            return None
        try:
            version = await _checker(self.store)
            if version is None:
                return None
            given = {"texts": newest(texts)}
            found = await ask(self.fleet, version, given, self.folder, room_seconds=ROOM_SECONDS)
            return _highest(found)
        except (Error, LoadFailed, RunFailed) as error:
            log.warning("moderation could not judge a text, which is left unjudged: %s", error)
            return None


def verdict(score: float, threshold: float) -> dict[str, Any]:
    """What a score from 0 to 1 means."""
    return {"filtered": score >= threshold, "severity": severity(score, threshold)}


def together(words: Verdict | None, picture: Verdict | None) -> Verdict:
    """What was found in the words and in the picture of one prompt: of each harm, the worse."""
    found = dict(words or {})
    for harm, each in (picture or {}).items():
        before = found.get(harm)
        if before is None or SEVERITIES.index(each["severity"]) > SEVERITIES.index(before["severity"]):
            found[harm] = each
    return found


def severity(score: float, threshold: float) -> str:
    """The word for a score: from medium on it is filtered, and high is the upper half of what is."""
    if score >= (1 + threshold) / 2:
        return "high"
    if score >= threshold:
        return "medium"
    return "low" if score >= threshold / 2 else "safe"


def is_filtered(verdict: Verdict) -> bool:
    return any(each["filtered"] for each in verdict.values())


def asked(given: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """The words of an input: the newest messages that are not the model's own, and every text that was given."""
    texts = []
    for name, value in given.items():
        if name == "messages" and isinstance(value, list):
            texts += [text for message in value[-MESSAGES_MAX:] for text in _said(message)]
        elif isinstance(value, str) and _is_free(value, schema.get("properties", {}).get(name, {})):
            texts.append(value)
    return texts


def answered(value: Any, message: dict[str, Any]) -> list[str]:
    """The words of an answer: its text, what it reasoned, and what it would call functions with."""
    text = value.get("text") if isinstance(value, dict) else value
    calls = [each["function"]["arguments"] for each in message.get("tool_calls", ())]
    every = (message.get("reasoning_content"), *calls, text)
    return [each for each in every if isinstance(each, str) and each.strip()]


def withheld(value: Any) -> Any:
    """An answer without its text."""
    return {"text": ""} if isinstance(value, dict) else ""


def newest(texts: list[str]) -> list[str]:
    """The last of the texts that together have at most 32,000 characters; the first of them may be cut."""
    kept: list[str] = []
    left = CHARACTERS_MAX
    for text in reversed(texts):
        if left > 0:
            kept.insert(0, text[-left:])
            left -= len(text)
    return kept


async def _checker(store: Store) -> Version | None:
    """The version that scores; None: this server has none that runs."""
    found = [each for each in await store.models() if each.model == CHECKER and each.offline_reason is None]
    return found[0] if found else None


def _said(message: Any) -> Iterator[str]:
    """The texts of a message, unless the model said it."""
    if not isinstance(message, dict) or message.get("role") == "assistant":
        return
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    for part in parts:
        text = part.get("text") if isinstance(part, dict) else None
        if isinstance(text, str) and text.strip():
            yield text


def _is_free(value: str, property: dict[str, Any]) -> bool:
    """Whether it is the caller's own words: no default, no choice, no file."""
    is_chosen = "enum" in property or "allOf" in property or "format" in property
    return bool(value.strip()) and not is_chosen and value != property.get("default")


def _highest(found: Any) -> Scores:
    """Raises RunFailed when the model gave something else than scores for each text."""
    try:
        return {harm: max(float(each[harm]) for each in found) for harm in (*HARMS, JAILBREAK)}
    except (KeyError, TypeError, ValueError) as error:
        raise RunFailed("bad_output", "it gave no scores.") from error

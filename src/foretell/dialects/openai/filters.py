"""Filters: what moderation found, in the words of the content filters that clients know."""

from collections.abc import Mapping
from typing import Any, cast

from foretell.dialects.openai.messages import (
    Detection,
    OutputFilter,
    PromptFilter,
    PromptFilterResult,
    Severity,
)

CATEGORIES = ("hate", "self_harm", "sexual", "violence")
UNSEEN: Severity = {"filtered": False, "severity": "not evaluated"}
UNSOUGHT: Detection = {"filtered": False, "detected": False, "status": "not evaluated"}


def output_filter(metadata: Mapping[str, Any]) -> OutputFilter:
    """What is said of an answer, from its prediction's metadata."""
    found = _found(metadata, "output")
    result: dict[str, Any] = {each: found.get(each, UNSEEN) for each in CATEGORIES}
    result |= {"protected_material_code": UNSOUGHT, "protected_material_text": UNSOUGHT}
    return cast(OutputFilter, result)


def prompt_filter(metadata: Mapping[str, Any]) -> PromptFilter:
    """What is said of a prompt, from its prediction's metadata."""
    found = _found(metadata, "prompt")
    result: dict[str, Any] = {each: found.get(each, UNSEEN) for each in CATEGORIES}
    return cast(PromptFilter, result | {"jailbreak": found.get("jailbreak", UNSOUGHT)})


def prompt_filter_results(metadata: Mapping[str, Any]) -> list[PromptFilterResult]:
    """The same in a list, for there is one prompt."""
    return [{"prompt_index": 0, "content_filter_results": prompt_filter(metadata)}]


def _found(metadata: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    moderation: Mapping[str, Any] = metadata.get("moderation") or {}
    found: Mapping[str, Any] = moderation.get(side) or {}
    return found

"""Rendering: a prediction as the response that it is to its caller."""

from collections.abc import Mapping
from typing import Any, Literal, cast

from foretell.dialects.openai.chat import finish_reason, message_of, tokens
from foretell.dialects.openai.filters import output_filter, prompt_filter
from foretell.dialects.openai.responses.messages import ContentFilter, Usage
from foretell.dialects.openai.responses.names import response_id
from foretell.dialects.openai.responses.unfolding import Unfolding
from foretell.dialects.openai.talk import text_of
from foretell.prediction import Prediction, Status

STATUSES: Mapping[Status, str] = {
    Status.STARTING: "in_progress",
    Status.PROCESSING: "in_progress",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELED: "cancelled",
}
INCOMPLETE: Mapping[str, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""The ends of an answer that leave it incomplete, and the reasons they are here."""


def render(prediction: Prediction, *, status: str | None = None) -> dict[str, Any]:
    """The response. With `status`, as it was when it had that one, before it had ended."""
    asked = prediction.request or {}
    found = status or status_of(prediction)
    has_ended = status is None and prediction.status.is_terminal
    return {
        "id": response_id(prediction.id),
        "object": "response",
        "created_at": prediction.created_at // 1_000_000,
        "completed_at": _completed_at(prediction) if found == "completed" else None,
        "status": found,
        "error": _error(prediction) if has_ended else None,
        "incomplete_details": {"reason": _why(prediction)} if found == "incomplete" else None,
        **_as_asked(prediction, asked),
        "output": output_of(prediction) if has_ended else [],
        "usage": _usage(prediction) if has_ended else None,
        "content_filters": _filters(prediction.metadata) if has_ended else [],
    }


def status_of(prediction: Prediction) -> str:
    """The response's word for how far it is."""
    if prediction.status is Status.STARTING and (prediction.request or {}).get("background"):
        return "queued"
    if prediction.status is Status.SUCCEEDED and finish_reason(prediction) in INCOMPLETE:
        return "incomplete"
    return STATUSES[prediction.status]


def output_of(prediction: Prediction) -> list[dict[str, Any]]:
    """The items of the answer; none unless there is one."""
    if prediction.status is not Status.SUCCEEDED:
        return []
    message = message_of(prediction)
    unfolding = Unfolding(prediction.id)
    text = text_of(prediction.result)
    said = [
        unfolding.add({"reasoning_content": message.get("reasoning_content")}),
        unfolding.say(text) if text else (),
        unfolding.add({name: each for name, each in message.items() if name != "reasoning_content"}),
        unfolding.end(is_complete=status_of(prediction) == "completed"),
    ]
    for events in said:
        for _ in events:
            pass
    return unfolding.output


def _as_asked(prediction: Prediction, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is answered as it was asked, or else as the model has it."""
    return {
        "background": asked.get("background", False),
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "max_tool_calls": asked.get("max_tool_calls"),
        "metadata": asked.get("metadata", {}),
        "model": prediction.model,
        "parallel_tool_calls": asked.get("parallel_tool_calls", True),
        "previous_response_id": asked.get("previous_response_id"),
        "prompt_cache_key": asked.get("prompt_cache_key"),
        "reasoning": {"effort": None, "summary": None} | asked.get("reasoning", {}),
        "safety_identifier": asked.get("safety_identifier"),
        "service_tier": "default",
        "store": asked.get("store", True),
        "temperature": prediction.input.get("temperature", asked.get("temperature")),
        "text": _text(asked.get("text", {})),
        "tool_choice": asked.get("tool_choice", "auto"),
        "tools": asked.get("tools", []),
        "top_logprobs": asked.get("top_logprobs", 0),
        "top_p": prediction.input.get("top_p", asked.get("top_p")),
        "truncation": asked.get("truncation", "disabled"),
        "user": asked.get("user"),
    }


def _text(asked: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in asked.items() if value is not None}
    return {"format": {"type": "text"}} | found


def _completed_at(prediction: Prediction) -> int | None:
    return None if prediction.completed_at is None else prediction.completed_at // 1_000_000


def _error(prediction: Prediction) -> dict[str, str] | None:
    failure = prediction.failure
    return None if failure is None else {"code": "server_error", "message": failure.message}


def _why(prediction: Prediction) -> str:
    return INCOMPLETE[finish_reason(prediction)]


def _usage(prediction: Prediction) -> Usage:
    read, written = tokens(prediction, "tokens_in"), tokens(prediction, "tokens_out")
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _filters(metadata: Mapping[str, Any]) -> list[ContentFilter]:
    prompt, output = (
        cast(dict[str, Any], prompt_filter(metadata)),
        cast(dict[str, Any], output_filter(metadata)),
    )
    return [_filter("prompt", prompt), _filter("completion", output)]


def _filter(source: Literal["prompt", "completion"], results: dict[str, Any]) -> ContentFilter:
    blocked = any(each["filtered"] for each in results.values())
    return {"blocked": blocked, "source_type": source, "content_filter_results": results}

"""Chat completions: what a body asks for, and the answer made of predictions."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from foretell.dialects.openai.errors import refused
from foretell.dialects.openai.filters import output_filter, prompt_filter_results
from foretell.dialects.openai.messages import AnswerMessage, ChatBody, ChatCompletion, Choice, ToolCall, Usage
from foretell.dialects.openai.talk import HINTS, NEUTRAL, Talk, text_of
from foretell.dialects.openai.tools import check_format, check_tools
from foretell.dialects.openai.turns import turns
from foretell.prediction import Prediction

CHOICES_MAX = 8


def talk_of(body: ChatBody) -> Talk:
    """What a body asks of a model. Raises Error(INVALID_PARAMETER)."""
    if body.functions or body.function_call not in (None, "none", "auto"):
        field = "functions" if body.functions else "function_call"
        raise refused(field, "is no longer known: use 'tools' and 'tool_choice'")
    if set(body.modalities or ()) - {"text"}:
        raise refused("modalities", "can only be text here")
    if not 1 <= choices_in(body) <= CHOICES_MAX:
        raise refused("n", f"must be between 1 and {CHOICES_MAX}")
    check_tools(body.tools, body.tool_choice)
    check_format(body.response_format)
    parameters = {name: getattr(body, name) for name in (*NEUTRAL, *HINTS)}
    if body.max_completion_tokens is not None:
        parameters["max_tokens"] = body.max_completion_tokens
    return Talk(turns=turns([msgspec.to_builtins(each) for each in body.messages]), parameters=parameters)


def choices_in(body: ChatBody) -> int:
    """How many answers are asked for."""
    return 1 if body.n is None else body.n


def completion(model: str, answers: Sequence[Prediction]) -> ChatCompletion:
    """The answer of one prediction, or of several, each a choice."""
    first = answers[0]
    return {
        "id": completion_id(first.id),
        "object": "chat.completion",
        "created": first.created_at // 1_000_000,
        "model": model,
        "choices": [_choice(index, each) for index, each in enumerate(answers)],
        "usage": usage(answers),
        "system_fingerprint": first.version_id,
        "service_tier": "default",
        "prompt_filter_results": prompt_filter_results(first.metadata),
    }


def completion_id(prediction_id: str) -> str:
    """The id of the completion that a prediction is."""
    return f"chatcmpl-{prediction_id}"


def usage(answers: Sequence[Prediction]) -> Usage:
    """The tokens of all answers; the prompt, which they share, counts once."""
    read = tokens(answers[0], "tokens_in")
    written = sum(tokens(each, "tokens_out") for each in answers)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def tokens(prediction: Prediction, metric: str) -> int:
    """How many its model counted; 0 where it does not count."""
    return int(prediction.metrics.get(metric, 0))


def finish_reason(prediction: Prediction) -> str:
    """Why the answer ends where it does: as the model says, else as can be told from its length."""
    said = message_of(prediction)
    if isinstance(said.get("finish_reason"), str):
        return str(said["finish_reason"])
    if said.get("tool_calls"):
        return "tool_calls"
    tokens_max = prediction.input.get("max_tokens")
    is_full = isinstance(tokens_max, int) and tokens(prediction, "tokens_out") >= tokens_max
    return "length" if is_full else "stop"


def message_of(prediction: Prediction) -> Mapping[str, Any]:
    """What the model said beside its text."""
    said: Mapping[str, Any] = prediction.metadata.get("message") or {}
    return said


def _choice(index: int, prediction: Prediction) -> Choice:
    return {
        "index": index,
        "message": _message(prediction),
        "logprobs": message_of(prediction).get("logprobs"),
        "finish_reason": finish_reason(prediction),
        "content_filter_results": output_filter(prediction.metadata),
    }


def _message(prediction: Prediction) -> AnswerMessage:
    said = message_of(prediction)
    text = text_of(prediction.result)
    is_silent = not text and (said.get("tool_calls") or said.get("refusal"))
    message: AnswerMessage = {
        "role": "assistant",
        "content": None if is_silent else text,
        "refusal": said.get("refusal"),
        "annotations": [],
    }
    if said.get("tool_calls"):
        message["tool_calls"] = cast(list[ToolCall], said["tool_calls"])
    if said.get("reasoning_content"):
        message["reasoning_content"] = str(said["reasoning_content"])
    return message

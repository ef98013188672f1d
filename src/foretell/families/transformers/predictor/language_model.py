"""A language model in this process, run by transformers, whose answers can be stopped at any token."""

import json
from collections.abc import Iterator
from typing import Any, Optional

from bounds import Grammar, Penalties, form_of, readable
from generating import Choosing, Generation, Token
from jinja2 import TemplateError
from writing import THINKING, Letters, Stops, Voices, calls_in

from foretell import InputTooLong

Chunk = dict[str, Any]
Inputs = dict[str, Any]


class LanguageModel:
    """`tokenizer` reads and writes text. `processor` reads talk with pictures, where the model takes them."""

    def __init__(self, model: Any, tokenizer: Any, *, context_tokens: int, processor: Any = None) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._processor = processor
        self._context_tokens = context_tokens
        self._vocabulary = model.get_output_embeddings().weight.shape[0]
        self._readable: Any = None
        if model.generation_config.pad_token_id is None:
            model.generation_config.pad_token_id = self._ends()[0] if self._ends() else 0

    def chunks(self, request: dict[str, Any]) -> Iterator[Chunk]:
        """The answer to a chat completion request as it is written: OpenAI's chunks, the last with `usage`.

        A `prompt` in place of `messages` is gone on with. Closing the iterator stops the model.
        Raises ValueError for a request that the model cannot take, InputTooLong.
        """
        inputs, is_thinking = self._read(request)
        read = inputs["input_ids"].shape[1]
        room = self._context_tokens - read
        if room < 1:
            raise InputTooLong(
                f"The prompt is {read} tokens long; with its answer it must fit {self._context_tokens}."
            )
        choosing = self._choosing(request, read, min(request["max_tokens"], room))
        yield {"choices": [], "usage": {"prompt_tokens": read}}
        generation = Generation(self._model, inputs, choosing)
        answer = Answer(self, request, is_thinking=is_thinking)
        for token in generation.tokens():
            yield from answer.add(token)
            if answer.is_over:
                break
        yield from answer.end(is_cut=answer.count >= choosing.tokens_max)
        yield {"choices": [], "usage": {"prompt_tokens": read, "completion_tokens": answer.count}}

    def letters(self) -> Letters:
        return Letters(self._tokenizer)

    def is_end(self, number: int) -> bool:
        """Whether the token ends an answer."""
        return number in self._ends()

    def scored(self, token: Token, top: int) -> dict[str, Any]:
        """How likely the token was, and the `top` likeliest, in OpenAI's form."""
        if token.scores is None:
            return {}
        likeliest = token.scores.topk(max(top, 1))
        others = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
        found = self._scored(token.number, token.scores[token.number].item())
        return found | {"top_logprobs": [self._scored(*each) for each in others]}

    def _scored(self, number: int, likelihood: float) -> dict[str, Any]:
        text = self._tokenizer.decode([number])
        return {"token": text, "logprob": max(likelihood, -9999.0), "bytes": list(text.encode())}

    def _ends(self) -> list[int]:
        found = self._model.generation_config.eos_token_id
        return found if isinstance(found, list) else [] if found is None else [found]

    def _read(self, request: dict[str, Any]) -> tuple[Inputs, bool]:
        """The tokens of the request, and whether its answer begins in thought."""
        if "prompt" in request:
            found = self._tokenizer(request["prompt"], return_tensors="pt")
            return self._placed(found), False
        messages = [_as_templates_read(each) for each in request["messages"]]
        text = self._templated(messages, request.get("tools"))
        return self._placed(self._encoded(text, messages)), text.rstrip().endswith(THINKING)

    def _templated(self, messages: list[dict[str, Any]], tools: Optional[list[Any]]) -> str:
        reader = self._processor or self._tokenizer
        options = {"tokenize": False, "add_generation_prompt": True, **({"tools": tools} if tools else {})}
        try:
            return reader.apply_chat_template(messages, **options)
        except TemplateError as error:
            if (merged := _without_system(messages)) == messages:
                raise ValueError(f"The model's chat template refuses these messages: {error}") from error
        try:
            return reader.apply_chat_template(merged, **options)
        except TemplateError as error:
            raise ValueError(f"The model's chat template refuses these messages: {error}") from error

    def _encoded(self, text: str, messages: list[dict[str, Any]]) -> Any:
        if self._processor is None:
            # The template has written the mark of the beginning itself.
            return self._tokenizer(text, add_special_tokens=False, return_tensors="pt")
        pictures = [
            part["image"]
            for each in messages
            if isinstance(each["content"], list)
            for part in each["content"]
            if part["type"] == "image"
        ]
        return self._processor(
            text=[text], images=pictures or None, add_special_tokens=False, return_tensors="pt"
        )

    def _placed(self, found: Any) -> Inputs:
        if self._processor is not None:
            return dict(found.to(self._model.device, dtype=self._model.dtype))
        found.pop("token_type_ids", None)  # of encoders, whose tokenizers some language models have
        return dict(found.to(self._model.device))

    def _choosing(self, request: dict[str, Any], read: int, tokens_max: int) -> Choosing:
        processors: list[Any] = []
        frequency, presence = (request.get(f"{kind}_penalty", 0.0) for kind in ("frequency", "presence"))
        if frequency or presence:
            processors.append(Penalties(read, frequency, presence))
        form = form_of(request)
        if form is not None:
            self._readable = self._readable or readable(self._tokenizer, self._vocabulary)
            processors.append(Grammar(self._readable, form))
        return Choosing(
            tokens_max=tokens_max,
            temperature=request.get("temperature", 0.0),
            top_p=request.get("top_p", 1.0),
            repeat_penalty=request.get("repeat_penalty", 1.0),
            seed=request.get("seed", 0),
            is_scored=bool(request.get("logprobs")),
            processors=tuple(processors),
        )


class Answer:
    """One answer's tokens as chunks."""

    def __init__(self, model: LanguageModel, request: dict[str, Any], *, is_thinking: bool) -> None:
        self._model = model
        self._letters = model.letters()
        self._voices = Voices(is_thinking=is_thinking, may_call=bool(request.get("tools")))
        self._stops = Stops(request.get("stop") or [])
        self._top = request.get("top_logprobs", 0)
        self._calls = 0
        self._has_ended = False
        self.count = 0

    @property
    def is_over(self) -> bool:
        return self._stops.is_reached

    def add(self, token: Token) -> Iterator[Chunk]:
        self.count += 1
        self._has_ended = self._model.is_end(token.number)
        if self._has_ended:
            return
        if scored := self._model.scored(token, self._top):
            yield _chunk({}, logprobs={"content": [scored]})
        for said in self._voices.add(self._letters.add(token.number)):
            yield from self._said(*said)

    def end(self, *, is_cut: bool) -> Iterator[Chunk]:
        """The rest, and why it ended: `is_cut` where no more tokens were allowed."""
        if not self.is_over:
            for said in [*self._voices.add(self._letters.end()), *self._voices.end()]:
                yield from self._said(*said)
        if not self.is_over and (text := self._stops.end()):
            yield _chunk({"content": text})
        reason = "length" if is_cut and not (self.is_over or self._has_ended) else "stop"
        yield _chunk({}, finish_reason="tool_calls" if self._calls else reason)

    def _said(self, voice: str, text: str) -> Iterator[Chunk]:
        calls = calls_in(text.strip()) if voice == "call" else []
        for call in calls:
            yield _chunk({"tool_calls": [{"index": self._calls, **call}]})
            self._calls += 1
        if voice == "reasoning_content":
            yield _chunk({voice: text})
        elif not calls and not self.is_over and (text := self._stops.add(text)):
            yield _chunk({"content": text})


def _chunk(delta: dict[str, Any], **more: Any) -> Chunk:
    return {"choices": [{"index": 0, "delta": delta, **more}]}


def _as_templates_read(message: dict[str, Any]) -> dict[str, Any]:
    """Templates write the arguments of a call as JSON themselves."""
    calls = [
        {**call, "function": {**call["function"], "arguments": _object(call["function"].get("arguments"))}}
        for call in message.get("tool_calls") or ()
    ]
    return {**message, "tool_calls": calls} if calls else message


def _object(written: Any) -> Any:
    try:
        return json.loads(written)
    except (TypeError, ValueError):
        return written


def _without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For templates that know no system message: what it says stands before the user's first words."""
    if len(messages) < 2 or messages[0]["role"] != "system" or not isinstance(messages[1]["content"], str):
        return messages
    first = {**messages[1], "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
    return [first, *messages[2:]]

"""A language model that sees the pictures in a talk, token by token."""

from pathlib import Path as File
from typing import Any, Optional

from chat import sown
from cog import BasePredictor, ConcatenateIterator, Input, Path
from conversation import conversation
from language_model import LanguageModel
from pictures import read_data, read_file
from placing import loaded
from settings import ANSWER_TOKENS, ANSWER_TOKENS_MAX, CONTEXT_TOKENS, QUANTISED, TEMPERATURE, TOP_P, WEIGHT
from talk import Talk
from transformers import AutoModelForImageTextToText, AutoProcessor

from foretell import weights


class Vision(BasePredictor):
    def setup(self) -> None:
        folder = weights(WEIGHT)
        processor = AutoProcessor.from_pretrained(str(folder), local_files_only=True)
        model = loaded(AutoModelForImageTextToText, folder, is_quantised=QUANTISED)
        self.model = LanguageModel(
            model, processor.tokenizer, context_tokens=CONTEXT_TOKENS, processor=processor
        )

    def predict(
        self,
        prompt: str = Input(
            default="", description="What to answer. With `messages`, the last thing the user says."
        ),
        image: Optional[Path] = Input(default=None, description="A picture that the prompt is about."),
        messages: Optional[list[dict]] = Input(
            default=None,
            description="The talk so far: objects with a `role` and `content`, which is text, or a list of parts "
            "of type `text` and `image_url`. A picture in it is a `data:` URI.",
        ),
        system_prompt: str = Input(
            default="",
            description="How to behave. Left out if `messages` begin with a system message of their own.",
        ),
        max_tokens: int = Input(
            default=ANSWER_TOKENS,
            ge=1,
            le=ANSWER_TOKENS_MAX,
            description="The answer's length at most, in tokens.",
        ),
        temperature: float = Input(
            default=TEMPERATURE,
            ge=0.0,
            le=2.0,
            description="How freely words are chosen; 0 always takes the likeliest.",
        ),
        top_p: float = Input(
            default=TOP_P,
            ge=0.0,
            le=1.0,
            description="Choose among the likeliest words that together reach this share.",
        ),
        seed: Optional[int] = Input(
            default=None, ge=0, le=4294967294, description="The same seed and input give the same answer."
        ),
        stop: Optional[list[str]] = Input(
            default=None, description="End before any of these strings, which are not part of the answer."
        ),
        response_format: Optional[dict] = Input(
            default=None,
            description='`{"type": …}`: `text`, `json_object`, or `json_schema` with its `json_schema.schema`.',
        ),
    ) -> ConcatenateIterator[str]:
        options = {
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "seed": sown(seed),
            "stop": stop or [],
        }
        turns = seen(prompt, messages or [], system_prompt, image)
        talk = Talk(self.model, options, self.record_metric)
        yield from talk.answer(turns, response_format or {"type": "text"})


def seen(
    prompt: str, messages: list[dict[str, Any]], system_prompt: str, image: Optional[File]
) -> list[dict[str, Any]]:
    """The turns as parts of text and opened pictures. Raises ValueError for what is not of the form."""
    words = [{**each, "content": _words(each.get("content"))} for each in messages]
    asked = prompt if prompt.strip() or not image else "What is in this picture?"
    turns = conversation(asked, words, system_prompt)
    said: list[dict[str, Any]] = [*messages, *([{}] if asked.strip() else [])]
    said = [{}] * (len(turns) - len(said)) + said
    found = [
        {"role": turn["role"], "content": _parts(turn["content"], each.get("content"))}
        for turn, each in zip(turns, said, strict=True)
        if turn["role"] != "system" or turn["content"]
    ]
    if image is not None:
        found[-1]["content"].insert(0, {"type": "image", "image": read_file(image)})
    return found


def _words(content: Any) -> Any:
    """The content without its pictures."""
    if not isinstance(content, list):
        return content
    return [part for part in content if not (isinstance(part, dict) and part.get("type") == "image_url")]


def _parts(text: str, content: Any) -> list[dict[str, Any]]:
    """Pictures stay where they are among the words."""
    if not isinstance(content, list):
        return [{"type": "text", "text": text}]
    return [
        {"type": "image", "image": read_data(part)} if part.get("type") == "image_url" else part
        for part in content
    ]

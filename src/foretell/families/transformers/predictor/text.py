"""A language model that goes on with a text, token by token."""

from typing import Optional

from chat import sown
from cog import BasePredictor, ConcatenateIterator, Input
from engine import opened
from settings import ANSWER_TOKENS, ANSWER_TOKENS_MAX, TEMPERATURE, TOP_P
from talk import Talk


class Text(BasePredictor):
    def setup(self) -> None:
        self.model = opened()

    def predict(
        self,
        prompt: str = Input(min_length=1, description="The beginning of a text, which is gone on with."),
        max_tokens: int = Input(
            default=ANSWER_TOKENS,
            ge=1,
            le=ANSWER_TOKENS_MAX,
            description="The length of what is added at most, in tokens.",
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
        repeat_penalty: float = Input(
            default=1.0, ge=1.0, le=2.0, description="Above 1, words already said become less likely."
        ),
        frequency_penalty: float = Input(
            default=0.0,
            ge=-2.0,
            le=2.0,
            description="Above 0, words become less likely the oftener they came.",
        ),
        presence_penalty: float = Input(
            default=0.0, ge=-2.0, le=2.0, description="Above 0, words that came at all become less likely."
        ),
        seed: Optional[int] = Input(
            default=None, ge=0, le=4294967294, description="The same seed and input give the same text."
        ),
        stop: Optional[list[str]] = Input(
            default=None, description="End before any of these strings, which are not part of the text."
        ),
    ) -> ConcatenateIterator[str]:
        options = {
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "top_p": top_p,
            "repeat_penalty": repeat_penalty,
            "frequency_penalty": frequency_penalty,
            "presence_penalty": presence_penalty,
            "seed": sown(seed),
            "stop": stop or [],
        }
        talk = Talk(self.model, options, self.record_metric)
        yield from talk.answer([], {"type": "text"})

"""Answers with what it was given."""

from typing import Optional

from cog import BasePredictor, Input

IGNORED = "Taken for the sake of applications; of no effect here."


class Predictor(BasePredictor):
    def predict(
        self,
        prompt: str = Input(description="The text to give back."),
        repeat: int = Input(default=1, ge=1, le=1000, description="How many times, one after another."),
        system_prompt: str = Input(default="", description=IGNORED),
        max_tokens: int = Input(default=256, ge=1, description=IGNORED),
        temperature: float = Input(default=0.6, ge=0.0, le=2.0, description=IGNORED),
        top_p: float = Input(default=0.9, ge=0.0, le=1.0, description=IGNORED),
        repeat_penalty: float = Input(default=1.0, ge=0.0, description=IGNORED),
        seed: Optional[int] = Input(default=None, description=IGNORED),
        stop: Optional[list[str]] = Input(default=None, description=IGNORED),
    ) -> str:
        return prompt * repeat

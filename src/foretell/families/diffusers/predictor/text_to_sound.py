"""Sounds from words."""

from typing import Optional

from cog import BasePredictor, Path
from sound_inputs import GUIDED, LENGTH, NEGATIVE_PROMPT, OUTPUT_FORMAT, PROMPT, SEED, STEPS_TAKEN
from sounding import Studio, Wish


class TextToSound(BasePredictor):
    def setup(self) -> None:
        self.studio = Studio()

    def predict(
        self,
        prompt: str = PROMPT,
        negative_prompt: str = NEGATIVE_PROMPT,
        seconds: float = LENGTH,
        steps: int = STEPS_TAKEN,
        guidance: float = GUIDED,
        seed: Optional[int] = SEED,
        output_format: str = OUTPUT_FORMAT,
    ) -> Path:
        wish = Wish(
            prompt=prompt,
            negative_prompt=negative_prompt,
            seconds=seconds,
            steps=steps,
            guidance=guidance,
            seed=seed,
            output_format=output_format,
        )
        return self.studio.record(wish)

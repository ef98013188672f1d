"""Pictures from words."""

from typing import Optional

from cog import BasePredictor, Path
from drawing import Artist, Wish
from picture_inputs import (
    ASPECT_RATIO,
    GUIDED,
    HEIGHT,
    LORA,
    LORA_SCALE,
    NEGATIVE_PROMPT,
    NUM_OUTPUTS,
    OUTPUT_FORMAT,
    OUTPUT_QUALITY,
    PROMPT,
    SAFETY_CHECKER,
    SCHEDULER,
    SEED,
    STEPS_TAKEN,
    WIDTH,
)


class TextToImage(BasePredictor):
    def setup(self) -> None:
        self.artist = Artist()

    def predict(
        self,
        prompt: str = PROMPT,
        negative_prompt: str = NEGATIVE_PROMPT,
        steps: int = STEPS_TAKEN,
        guidance: float = GUIDED,
        scheduler: str = SCHEDULER,
        seed: Optional[int] = SEED,
        width: Optional[int] = WIDTH,
        height: Optional[int] = HEIGHT,
        aspect_ratio: str = ASPECT_RATIO,
        num_outputs: int = NUM_OUTPUTS,
        lora: Optional[Path] = LORA,
        lora_scale: float = LORA_SCALE,
        output_format: str = OUTPUT_FORMAT,
        output_quality: int = OUTPUT_QUALITY,
        safety_checker: bool = SAFETY_CHECKER,
    ) -> list[Path]:
        wish = Wish(
            prompt=prompt,
            negative_prompt=negative_prompt,
            steps=steps,
            guidance=guidance,
            scheduler=scheduler,
            seed=seed,
            width=width,
            height=height,
            aspect_ratio=aspect_ratio,
            num_outputs=num_outputs,
            lora=lora,
            lora_scale=lora_scale,
            output_format=output_format,
            output_quality=output_quality,
            safety_checker=safety_checker,
        )
        return self.artist.draw(wish)

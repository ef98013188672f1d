"""A part of a picture drawn anew, for models that do nothing else."""

from typing import Optional

from cog import BasePredictor, Path
from drawing import Artist, Wish
from picture_inputs import (
    GUIDED,
    HEIGHT,
    IMAGE_WANTED,
    LORA,
    LORA_SCALE,
    MASK_WANTED,
    NEGATIVE_PROMPT,
    NUM_OUTPUTS,
    OUTPUT_FORMAT,
    OUTPUT_QUALITY,
    PROMPT,
    SAFETY_CHECKER,
    SCHEDULER,
    SEED,
    STEPS_TAKEN,
    STRENGTH,
    WIDTH,
)


class Filling(BasePredictor):
    def setup(self) -> None:
        self.artist = Artist()

    def predict(
        self,
        prompt: str = PROMPT,
        image: Path = IMAGE_WANTED,
        mask: Path = MASK_WANTED,
        negative_prompt: str = NEGATIVE_PROMPT,
        strength: float = STRENGTH,
        steps: int = STEPS_TAKEN,
        guidance: float = GUIDED,
        scheduler: str = SCHEDULER,
        seed: Optional[int] = SEED,
        width: Optional[int] = WIDTH,
        height: Optional[int] = HEIGHT,
        num_outputs: int = NUM_OUTPUTS,
        lora: Optional[Path] = LORA,
        lora_scale: float = LORA_SCALE,
        output_format: str = OUTPUT_FORMAT,
        output_quality: int = OUTPUT_QUALITY,
        safety_checker: bool = SAFETY_CHECKER,
    ) -> list[Path]:
        wish = Wish(
            prompt=prompt,
            image=image,
            mask=mask,
            negative_prompt=negative_prompt,
            strength=strength,
            steps=steps,
            guidance=guidance,
            scheduler=scheduler,
            seed=seed,
            width=width,
            height=height,
            num_outputs=num_outputs,
            lora=lora,
            lora_scale=lora_scale,
            output_format=output_format,
            output_quality=output_quality,
            safety_checker=safety_checker,
        )
        return self.artist.draw(wish)

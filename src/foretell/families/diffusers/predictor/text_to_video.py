"""Films from words."""

from typing import Optional

from cog import BasePredictor, Path
from film_inputs import (
    FRAMES_PER_SECOND,
    GUIDED,
    HIGH,
    LORA,
    LORA_SCALE,
    NEGATIVE_PROMPT,
    NUM_FRAMES,
    OUTPUT_FORMAT,
    PROMPT,
    SCHEDULER,
    SECONDS,
    SEED,
    STEPS_TAKEN,
    WIDE,
)
from filming import Camera, Wish


class TextToVideo(BasePredictor):
    def setup(self) -> None:
        self.camera = Camera()

    def predict(
        self,
        prompt: str = PROMPT,
        negative_prompt: str = NEGATIVE_PROMPT,
        steps: int = STEPS_TAKEN,
        guidance: float = GUIDED,
        scheduler: str = SCHEDULER,
        seed: Optional[int] = SEED,
        width: int = WIDE,
        height: int = HIGH,
        num_frames: int = NUM_FRAMES,
        seconds: Optional[float] = SECONDS,
        fps: int = FRAMES_PER_SECOND,
        lora: Optional[Path] = LORA,
        lora_scale: float = LORA_SCALE,
        output_format: str = OUTPUT_FORMAT,
    ) -> Path:
        wish = Wish(
            prompt=prompt,
            negative_prompt=negative_prompt,
            steps=steps,
            guidance=guidance,
            scheduler=scheduler,
            seed=seed,
            width=width,
            height=height,
            num_frames=num_frames,
            seconds=seconds,
            fps=fps,
            lora=lora,
            lora_scale=lora_scale,
            output_format=output_format,
        )
        return self.camera.film(wish)

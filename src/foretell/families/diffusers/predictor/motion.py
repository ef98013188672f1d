"""Films that begin with a picture, for models that take no words."""

from typing import Optional

from cog import BasePredictor, Path
from film_inputs import (
    FRAMES_PER_SECOND,
    GUIDED,
    HIGH,
    IMAGE_WANTED,
    NUM_FRAMES,
    OUTPUT_FORMAT,
    SECONDS,
    SEED,
    STEPS_TAKEN,
    WIDE,
)
from filming import Camera, Wish


class Motion(BasePredictor):
    def setup(self) -> None:
        self.camera = Camera()

    def predict(
        self,
        image: Path = IMAGE_WANTED,
        steps: int = STEPS_TAKEN,
        guidance: float = GUIDED,
        seed: Optional[int] = SEED,
        width: int = WIDE,
        height: int = HIGH,
        num_frames: int = NUM_FRAMES,
        seconds: Optional[float] = SECONDS,
        fps: int = FRAMES_PER_SECOND,
        output_format: str = OUTPUT_FORMAT,
    ) -> Path:
        wish = Wish(
            image=image,
            steps=steps,
            guidance=guidance,
            seed=seed,
            width=width,
            height=height,
            num_frames=num_frames,
            seconds=seconds,
            fps=fps,
            output_format=output_format,
        )
        return self.camera.film(wish, decode_chunk_size=4, max_guidance_scale=guidance)

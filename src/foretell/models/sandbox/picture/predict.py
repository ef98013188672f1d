"""An image model for tests: takes what image models take and draws at once."""

from typing import Optional

from cog import BasePredictor, Input, Path
from kaleidoscope import kaleidoscope
from shapes import picture_size

from foretell import preview, progress

PREVIEW_SIDE = 64
IGNORED = "Taken for the sake of applications; of no effect here."


class Predictor(BasePredictor):
    def predict(
        self,
        prompt: str = Input(
            default="", description="The picture follows from these words, without understanding them."
        ),
        negative_prompt: str = Input(default="", description=IGNORED),
        aspect_ratio: str = Input(
            default="1:1",
            choices=["1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "21:9", "9:21"],
            description="The picture's shape, where width and height are not given.",
        ),
        width: Optional[int] = Input(
            default=None, ge=16, le=2048, description="The picture's width in pixels."
        ),
        height: Optional[int] = Input(
            default=None, ge=16, le=2048, description="The picture's height in pixels."
        ),
        num_outputs: int = Input(default=1, ge=1, le=8, description="How many pictures to draw."),
        seed: Optional[int] = Input(default=None, description="Another seed draws another picture."),
        steps: int = Input(default=25, ge=1, le=500, description=IGNORED),
        guidance: float = Input(default=7.5, ge=0.0, le=50.0, description=IGNORED),
        output_format: str = Input(
            default="png", choices=["png", "jpg", "webp"], description="A PNG is drawn whatever is chosen."
        ),
        output_quality: int = Input(default=90, ge=1, le=100, description=IGNORED),
        safety_checker: bool = Input(default=True, description=IGNORED),
    ) -> list[Path]:
        size = picture_size(width, height, aspect_ratio)
        preview(kaleidoscope(f"{prompt}\n{seed}", PREVIEW_SIDE, PREVIEW_SIDE))
        pictures = [Path(f"picture-{number}.png") for number in range(1, num_outputs + 1)]
        for number, picture in enumerate(pictures, start=1):
            picture.write_bytes(kaleidoscope(f"{prompt}\n{seed}\n{number}", *size))
            progress(number, num_outputs, unit="picture")
        self.record_metric("image_count", num_outputs)
        return pictures

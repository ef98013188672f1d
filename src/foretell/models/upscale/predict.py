"""Enlarges a picture."""

from functools import partial

from cog import BasePredictor, Input, Path
from picture_file import save_picture
from PIL import Image
from realesrgan import Upscaler
from translucent import joined, on_white, open_translucent

from foretell import progress, weights

# The large networks take minutes for a megapixel.
PIXELS_MAX = {"photo": 1_050_000, "anime": 2_100_000, "fast": 4_200_000}
tiles = partial(progress, unit="tile")


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.loaded_name = ""
        self.upscaler("fast", 4)

    def predict(
        self,
        image: Path = Input(description="PNG, JPEG, WebP, GIF, BMP or TIFF."),
        scale: int = Input(default=4, choices=[2, 3, 4], description="How many times wider and higher."),
        style: str = Input(
            default="fast",
            choices=["photo", "anime", "fast"],
            description="A large network, minutes a megapixel, or a small fast one.",
        ),
        output_format: str = Input(
            default="png", choices=["png", "jpg", "webp"], description="The kind of file."
        ),
        output_quality: int = Input(
            default=90, ge=1, le=100, description="For jpg and webp; png loses nothing."
        ),
    ) -> Path:
        picture = open_translucent(image, scale, PIXELS_MAX[style])
        height, width, _ = picture.colours.shape
        enlarged = Image.fromarray(self.upscaler(style, scale).enlarge(picture.colours, tiles))
        if enlarged.width != width * scale:
            enlarged = enlarged.resize((width * scale, height * scale), Image.Resampling.LANCZOS)
        result = joined(enlarged, picture.opacity)
        output = Path(f"upscaled.{output_format}")
        flat = on_white(result) if output_format == "jpg" else result
        save_picture(flat, output, output_format=output_format, quality=output_quality)
        self.record_metric("image_count", 1)
        return output

    def upscaler(self, style: str, scale: int) -> Upscaler:
        """The network, kept until another is needed; only the fast one comes in every scale."""
        name = {
            "photo": "realesrgan-x4plus",
            "anime": "realesrgan-x4plus-anime",
            "fast": f"realesr-animevideov3-x{scale}",
        }[style]
        if name != self.loaded_name:
            self.loaded = Upscaler(weights("realesrgan"), name)
            self.loaded_name = name
        return self.loaded

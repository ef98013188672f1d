import tempfile

from cog import BasePredictor, Input, Path
from PIL import Image, ImageOps


class Predictor(BasePredictor):
    def setup(self) -> None:
        with open("tone.txt") as file:
            self.dark, self.light = file.read().split()

    def predict(
        self,
        image: Path = Input(description="The picture.", accept="image/*"),
        strength: float = Input(description="From 0, as it was, to 1, all brown.", default=1.0, ge=0, le=1),
    ) -> Path:
        picture = Image.open(image).convert("RGB")
        brown = ImageOps.colorize(ImageOps.grayscale(picture), self.dark, self.light)
        out = Path(tempfile.mkdtemp()) / "sepia.png"
        Image.blend(picture, brown, strength).save(out)
        return out

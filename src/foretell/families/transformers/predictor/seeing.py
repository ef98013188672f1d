"""Says which of its labels a picture fits."""

from typing import Any

import torch
from cog import BasePredictor, Input, Path
from pictures import read_file
from placing import loaded
from settings import WEIGHT
from transformers import AutoImageProcessor, AutoModelForImageClassification

from foretell import weights


class Seeing(BasePredictor):
    def setup(self) -> None:
        folder = weights(WEIGHT)
        # The other processor is of torchvision, which this needs for nothing else.
        self.processor = AutoImageProcessor.from_pretrained(str(folder), local_files_only=True, backend="pil")
        self.model = loaded(AutoModelForImageClassification, folder)

    def predict(
        self,
        image: Path = Input(description="The picture to judge: PNG, JPEG, WebP, GIF, BMP or TIFF."),
        top_k: int = Input(
            default=5, ge=1, le=100, description="How many labels to name, the likeliest first."
        ),
    ) -> list[dict[str, Any]]:
        inputs = self.processor(images=read_file(image), return_tensors="pt")
        with torch.inference_mode():
            pixels = inputs["pixel_values"].to(self.model.device, self.model.dtype)
            scores = self.model(pixel_values=pixels).logits[0].float().softmax(dim=-1)
        found = scores.topk(min(top_k, len(scores)))
        names = self.model.config.id2label
        return [
            {"label": names[number], "score": round(score, 6)}
            for number, score in zip(found.indices.tolist(), found.values.tolist(), strict=True)
        ]

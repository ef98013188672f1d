"""Runs an ONNX graph: pictures and lists of numbers in, a picture, classes or lists of numbers out."""

import pathlib
from typing import Any

import onnxruntime
import settings
import tensors
from cog import BasePredictor, Path
from picture_file import save_picture

from foretell import weights

PROVIDERS = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider")
"""Where a graph may run, the quickest first: what this machine has is used."""


class Graph(BasePredictor):
    def setup(self) -> None:
        path = pathlib.Path(weights(settings.WEIGHT))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        there = onnxruntime.get_available_providers()
        self.session = onnxruntime.InferenceSession(
            str(path / settings.FILE if path.is_dir() else path),
            options,
            providers=[each for each in PROVIDERS if each in there],
        )
        print(f"It runs by {self.session.get_providers()[0]}.")

    def predict(self, **given: Any) -> Any:
        fed = {each["tensor"]: tensors.taken(each, given[each["name"]]) for each in settings.INPUTS}
        found = self.session.run(None, fed)
        if settings.OUTPUT == "picture":
            return self._picture(found[0], given.get("output_format", "png"))
        if settings.OUTPUT == "classes":
            return tensors.classes(found[0], given.get("top_k", 5))
        names = [each.name for each in self.session.get_outputs()]
        return {name: tensors.listed(values) for name, values in zip(names, found, strict=True)}

    def _picture(self, values: Any, output_format: str) -> Path:
        path = Path(f"picture.{output_format}")
        save_picture(tensors.picture(values), path, output_format=output_format, quality=90)
        self.record_metric("image_count", 1)
        return path

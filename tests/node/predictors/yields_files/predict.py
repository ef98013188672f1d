"""Yields files of the same name, one after another, overwriting each."""

from collections.abc import Iterator

from cog import BasePredictor, Input, Path


class Predictor(BasePredictor):
    def predict(self, count: int = Input(default=3)) -> Iterator[Path]:
        for number in range(count):
            path = Path("picture.txt")
            path.write_text(f"picture {number}")
            yield path

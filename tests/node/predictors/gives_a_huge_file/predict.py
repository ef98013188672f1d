"""Returns a file of any size, which takes no room on the disk."""

from cog import BasePredictor, Input, Path


class Predictor(BasePredictor):
    def predict(self, megabytes: int = Input(default=10_000)) -> Path:
        path = Path("huge.bin")
        with path.open("wb") as file:
            file.truncate(megabytes * 1_000_000)
        return path

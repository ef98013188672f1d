"""Returns a file that lies outside of the folder of its run."""

from cog import BasePredictor, Input, Path


class Predictor(BasePredictor):
    def predict(self, path: str = Input(default="")) -> Path:
        return Path(path or __file__)

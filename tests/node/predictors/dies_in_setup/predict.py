"""Cannot be set up."""

from cog import BasePredictor


class Predictor(BasePredictor):
    def setup(self) -> None:
        print("looking for a GPU")
        raise RuntimeError("there is no GPU")

    def predict(self) -> str:
        return "never"

"""Returns text and files together."""

from cog import BaseModel, BasePredictor, Input, Path


class Output(BaseModel):
    text: str
    pictures: list[Path]
    score: float = 0.5


class Predictor(BasePredictor):
    def predict(self, pictures: int = Input(default=2, ge=0)) -> Output:
        paths = [Path(f"picture {number}.txt") for number in range(pictures)]
        for number, path in enumerate(paths):
            path.write_text(f"picture {number}")
        return Output(text="two pictures", pictures=paths)

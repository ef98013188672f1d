from cog import BaseModel


class TrainingOutput(BaseModel):
    weights: str


def train(epochs: int) -> TrainingOutput:
    return TrainingOutput(weights=f"{epochs} epochs")

"""The model: `setup` once, when it is loaded; `predict` for each prediction."""

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def setup(self) -> None:
        # Load weights here. `foretell.weights("model")` is where they lie, if model.toml names any.
        self.mark = "!"

    def predict(
        self,
        prompt: str = Input(description="What to say."),
        times: int = Input(default=1, ge=1, le=10, description="How loud."),
    ) -> str:
        return prompt.upper() + self.mark * times

"""Takes a secret, prints it as carelessly as people do, and says only how long it is."""

# ruff: noqa: B008
from cog import BasePredictor, Input, Secret


class Predictor(BasePredictor):
    def predict(self, key: Secret = Input(description="Anything that nobody may see.")) -> int:
        print("the key is", key, repr(key), f"{key}", {"key": key})
        return len(key.get_secret_value())

"""Says that it returns text and returns something else."""

from typing import Any

from cog import BasePredictor, Input

VALUES: dict[str, Any] = {
    "number": 3,
    "nothing": None,
    "set": {1, 2},
    "bytes": b"x",
    "object": object(),
    "list": ["x"],
}
KINDS = list(VALUES)


class Predictor(BasePredictor):
    def predict(self, kind: str = Input(default="number", choices=KINDS)) -> str:
        return VALUES[kind]

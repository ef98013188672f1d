"""Writes a large file in pieces that do not compress."""

import os

from cog import BasePredictor, Input, Path

PIECE_BYTES = 1024**2


class Predictor(BasePredictor):
    def predict(
        self, megabytes: int = Input(default=1024, ge=1, le=2048, description="How large the file is.")
    ) -> Path:
        piece = os.urandom(PIECE_BYTES)
        path = Path("large.bin")
        with path.open("wb") as file:
            for _ in range(megabytes):
                file.write(piece)
        return path

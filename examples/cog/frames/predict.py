from cog import BasePredictor, Input, Path

SIZE = 32


class Predictor(BasePredictor):
    def predict(
        self,
        count: int = Input(description="How many pictures.", default=3, ge=1, le=16),
        brightness: int = Input(description="Of the ball.", default=255, ge=1, le=255),
    ) -> list[Path]:
        print(f"drawing {count} pictures")
        return [self.draw(number, count, brightness) for number in range(count)]

    def draw(self, number: int, count: int, brightness: int) -> Path:
        height = (SIZE - 1) * number // max(1, count - 1)
        rows = [bytes(brightness if row == height else 0 for _ in range(SIZE)) for row in range(SIZE)]
        path = Path(f"frame-{number}.pgm")
        path.write_bytes(f"P5 {SIZE} {SIZE} 255\n".encode() + b"".join(rows))
        return path

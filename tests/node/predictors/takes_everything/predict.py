"""Takes an input of every type and says what it got."""

# ruff: noqa: B008
from typing import Any, Literal, TypedDict

from cog import BasePredictor, File, Input, Path, Secret

SIZES = ["small", "large"]


class Box(TypedDict):
    width: int
    height: int


class Predictor(BasePredictor):
    def predict(  # noqa: PLR0913
        self,
        text: str = Input(description="Any text.", min_length=1, max_length=100, regex="^[a-z ]+$"),
        count: int = Input(default=1, ge=1, le=10),
        share: float = Input(default=0.5, ge=0, le=1),
        flag: bool = Input(default=False),
        size: str = Input(default=SIZES[0], choices=SIZES),
        seed: int = Input(default=None),
        file: Path | None = Input(default=None, description="A file.", accept="image/*"),
        files: list[Path] | None = None,
        old_file: File | None = Input(default=None, deprecated=True),
        key: Secret | None = None,
        words: list[str] | None = None,
        box: Box | None = None,
        settings: dict[str, Any] | None = None,
        shape: Literal["round", "square"] = "round",
        either: int | str = 0,
    ) -> dict[str, str]:
        got = {name: value for name, value in locals().items() if name not in {"self", "got"}}
        return {name: self.described(value) for name, value in got.items()}

    def described(self, value: Any) -> str:
        if isinstance(value, Path):
            return f"Path {value.read_text()}"
        if isinstance(value, list):
            return ", ".join(self.described(item) for item in value)
        if hasattr(value, "read"):
            return f"File {value.read().decode()}"
        return f"{type(value).__name__} {value!r}"

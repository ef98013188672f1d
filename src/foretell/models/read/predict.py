"""Reads the text in a picture."""

from cog import BaseModel, BasePredictor, Input, Path
from picture_file import open_picture
from reading import Reader, marked

from foretell import progress


class Output(BaseModel):
    text: str
    lines: list[dict]
    image: Path


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.reader = Reader()

    def predict(
        self,
        image: Path = Input(description="The picture to read: PNG, JPEG, WebP, GIF, BMP or TIFF."),
        min_confidence: float = Input(
            default=0.5, ge=0.0, le=1.0, description="Leave out lines read with less confidence than this."
        ),
    ) -> Output:
        picture = open_picture(image)
        lines = self.reader.lines(picture, min_confidence=min_confidence)
        progress(0.9)
        annotated = Path("lines.png")
        marked(picture, lines).save(annotated)
        self.record_metric("line_count", len(lines))
        return Output(
            text="\n".join(line.text for line in lines),
            lines=[
                {"text": line.text, "confidence": line.confidence, "corners": line.corners} for line in lines
            ],
            image=annotated,
        )

"""Predictors' sources for tests: names and types that most of them need, and reading one that has them."""

from typing import Any

from foretell import signature

HEAD = """
import enum, typing, cog
import typing as t
from dataclasses import dataclass
from typing import Annotated, Any, AsyncIterator, ClassVar, Dict, Iterator, List, Literal, Optional
from typing import TypedDict, Union
from cog import AsyncConcatenateIterator, BaseModel, BasePredictor, ConcatenateIterator, File, Input, Opaque
from cog import Path, Secret
from cog import Path as CogPath

MAX = 2 ** 6
SIZES = ["s", "m"] + ["l"]
RATIOS = {"1:1": (1024, 1024), "16:9": (1344, 768)}
SCHEDULERS = {"fast": Fast, "good": make_good(steps=3)}
Image = Path

class Box(TypedDict):
    width: int
class Loose(TypedDict, total=False):
    width: int
@dataclass
class Point:
    x: float
    y: float = 0.0
class Size(str, enum.Enum):
    small = "s"
    large = "l"
class Parent(BaseModel):
    text: str
    count: ClassVar[int] = 1
class Output(Parent):
    image: Optional[Path] = None
"""


def read(code: str, *, predictor: str = "predict.py:predict", **more: Any) -> signature.Signature:
    return signature.read(HEAD + code, predictor=predictor, **more)


def field(parameter: str) -> dict[str, Any]:
    """The schema of one parameter, without what every field has."""
    read_field = read(f"def predict({parameter}): ...").input_schema["properties"]["x"]
    return {key: value for key, value in read_field.items() if key not in {"title", "x-order"}}

"""One output of each kind."""

from typing import Any

from cog import Path


def picture(name: str) -> Path:
    path = Path(name)
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return path


KINDS = {
    "text": lambda: "one",
    "texts": lambda: ["one", "two"],
    "file": lambda: picture("a.svg"),
    "files": lambda: [picture("a.svg"), picture("b.svg")],
    "number": lambda: 42.5,
    "vector": lambda: [0.1, 0.2],
    "object": lambda: {"score": 0.5, "labels": ["a"]},
    "text and file": lambda: {"text": "one", "image": picture("a.svg")},
    "nothing": lambda: None,
}


def predict(kind: str) -> Any:
    return KINDS[kind]()

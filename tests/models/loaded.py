"""Running a built-in model that a test has loaded."""

from collections.abc import Callable
from pathlib import Path

from child.node_end import Child, Frame

Load = Callable[..., Child]
LOAD_SECONDS = 100.0


def done(child: Child, id: str = "a", **input) -> Frame:
    child.begin(id, **input)
    ending = child.wait_for(
        lambda f: f["type"] in ("done", "failed", "canceled") and f["id"] == id, LOAD_SECONDS
    )
    assert ending["type"] == "done", ending
    return ending


def files(child: Child, ending: Frame) -> list[Path]:
    return [child.folder / "runs" / ending["id"] / file["path"] for file in ending["files"]]


def metrics(child: Child, id: str = "a") -> dict[str, float]:
    return {frame["name"]: frame["value"] for frame in child.of("metric", id)}

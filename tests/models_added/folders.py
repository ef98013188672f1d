"""Model folders for tests, and what the command line says of adding them."""

import json
import os
from pathlib import Path
from typing import Any

from servers import Foretell, foretell
from weights.wheel_files import make_wheel

MANIFEST = """
name = "Shout"
type = "text"
description = "Says it louder."
predictor = "predict.py:Predictor"
"""
EXAMPLE = """
[[examples]]
title = "Hello"
input = { prompt = "hello" }
output = "HELLO!"
"""
PREDICT = """
from cog import BasePredictor, Input

class Predictor(BasePredictor):
    def setup(self) -> None:
        self.mark = "!"

    def predict(self, prompt: str = Input(description="What to say.")) -> str:
        return prompt.upper() + self.mark
"""


def model(
    root: Path, name: str = "shout", *, predict: str = PREDICT, manifest: str = MANIFEST + EXAMPLE
) -> Path:
    """A model folder that runs, unless told otherwise."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.toml").write_text(manifest)
    (folder / "predict.py").write_text(predict)
    return folder


def marked(mark: str) -> str:
    """A predictor that tells which one it is."""
    return PREDICT.replace('"!"', f'"{mark}"')


def added(folder: Path | str, data: Path, *options: str, **environment: str) -> dict[str, Any]:
    """The addition of `foretell models add`, once it has ended."""
    ran = foretell("models", "add", str(folder), *options, "--json", data=data, **environment)
    assert ran.stdout, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    assert (ran.returncode == 0) == (found["state"] == "succeeded"), ran.stderr
    return found


def steps(addition: dict[str, Any]) -> dict[str, str]:
    """How each step ended."""
    return {each["name"]: each["state"] for each in addition["steps"]}


def said(server: Foretell, model: str, prompt: str = "hello") -> str:
    """What a model answers, or why it does not."""
    with server.client() as client:
        body = {"model": model, "input": {"prompt": prompt}, "await": True}
        answer = client.post("/v1/predict", json=body).json()
    if not isinstance(answer.get("error"), str | None):
        return str(answer["error"]["message"])
    return str(answer["output"] if answer["output"] is not None else answer["error"])


def models(server: Foretell) -> dict[str, Any]:
    """The models as their operator sees them, by name."""
    with server.client() as client:
        return {each["namespace"]: each for each in client.get("/v1/admin/models").json()["data"]}


def wheels(folder: Path) -> dict[str, str]:
    """Settings under which pip knows nothing but two versions of `tint`, which contradict each other."""
    folder.mkdir()
    for version in ("1.0", "2.0"):
        make_wheel(folder, "tint", {"tint.py": f"VERSION = '{version}'".encode()}, version=version)
    cleared = {name: "" for name in os.environ if name.startswith("PIP_")}
    return cleared | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}

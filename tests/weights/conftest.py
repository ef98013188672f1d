"""Where weights and requirements come from in tests: a server that takes ranges, and wheels in a folder."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell.model import Manifest, Weight
from weights.file_server import FileServer


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as found:
        yield found


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows of, by pip's own configuration."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in [each for each in os.environ if each.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Manifest]:
    """A model with the given weights and requirements."""
    folder = tmp_path / "model"
    folder.mkdir()

    def made(*weights: Weight, environment: str = "none", **more: Any) -> Manifest:
        return Manifest(
            namespace="model",
            name="Model",
            type="image",
            description="",
            folder=str(folder),
            predictor="predict.py:Predictor",
            weights=weights,
            environment=environment,
            **more,
        )

    return made

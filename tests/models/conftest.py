"""Lends tests what the built-in models' environment holds, so that parts of models are tried here."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from child.node_end import Child
from foretell import catalog, config
from foretell.weights import Environments, Weights
from models.loaded import LOAD_SECONDS, Load


def _lend() -> None:
    manifests = [catalog.read_manifest(folder) for folder in catalog.built_in()]
    environments = Environments(config.load(os.environ).cache_path)
    for manifest in manifests:
        if manifest.environment == "builtin" and environments.is_ready(manifest):
            python = asyncio.run(environments.python(manifest))
            # Last, so that what the tests' own environment has is not shadowed.
            sys.path.append(
                str(python.parents[1] / "lib" / f"python3.{sys.version_info.minor}" / "site-packages")
            )
            return


_lend()


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Loads a model by its name, in a folder `within` another. The children end with the test."""
    children: list[Child] = []

    def start(name: str, within: str = "") -> Child:
        manifest = catalog.read_folder(catalog.MODELS / name, created_at=0).manifest
        cache = config.load(os.environ).cache_path
        python = asyncio.run(Environments(cache).python(manifest))
        weights = asyncio.run(Weights(cache).ready(manifest))
        folder = tmp_path / within / name
        children.append(Child(folder, python=str(python), environment={"TMPDIR": str(folder)}))
        children[-1].send(
            type="setup",
            folder=manifest.folder,
            predictor=manifest.predictor,
            paths=list(manifest.paths),
            weights={name: str(path) for name, path in weights.items()},
            concurrency=1,
        )
        loaded = children[-1].wait_for(lambda f: f["type"] in ("ready", "setup_failed"), LOAD_SECONDS)
        assert loaded["type"] == "ready", loaded
        return children[-1]

    yield start
    for child in children:
        child.__exit__(None, None, None)

"""A server with the built-in models and ours: tiny ones, and real ones out of the built-in ones' weights."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from families.places import add, python
from foretell import catalog, config
from foretell.families.requirements import TORCH
from foretell.weights import Weights
from servers import KEY, Foretell, running

HERE = Path(__file__).parent
GGUF_READER = "gguf==0.19.0"
TINY = (
    "tiny-chat",
    "tiny-caller",
    "tiny-text",
    "tiny-vision",
    "tiny-rewriter",
    "tiny-voice",
    "tiny-ear",
    "tiny-speller",
    "tiny-sorter",
    "tiny-eye",
)


def built_in_weights(model: str) -> Path:
    """Where the weights of a built-in model lie that has one."""
    manifest = catalog.read_folder(catalog.MODELS / model, created_at=0).manifest
    [path] = asyncio.run(Weights(config.load(os.environ).cache_path).ready(manifest)).values()
    return path


@pytest.fixture(scope="session")
def smollm2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SmolLM2 as transformers keeps it; made once and kept in the cache."""
    folder = config.load(os.environ).cache_path / "tests" / "SmolLM2-135M-Instruct"
    if not (folder / "tokenizer.json").exists():
        reader, made = tmp_path_factory.mktemp("reader"), tmp_path_factory.mktemp("made")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            str(reader),
            GGUF_READER,
        ]
        subprocess.run(pip, check=True, capture_output=True, timeout=60)
        convert = [
            str(python(TORCH)),
            str(HERE / "converted.py"),
            str(built_in_weights("deepbrain")),
            str(made),
        ]
        environment = {**os.environ, "PYTHONPATH": str(reader)}
        done = subprocess.run(
            convert, capture_output=True, text=True, check=False, timeout=200, env=environment
        )
        assert done.returncode == 0, done.stderr
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(made), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def models(smollm2_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of all models, as the families write them."""
    weights, folder = tmp_path_factory.mktemp("weights"), tmp_path_factory.mktemp("models")
    make = [str(python(TORCH)), str(HERE / "made.py"), str(weights), str(built_in_weights("transcribe"))]
    done = subprocess.run(make, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    for name in TINY:
        add(weights / name, folder, name=name)
    add(smollm2_folder, folder, name="smollm2")
    add(built_in_weights("deepbrain"), folder, name="smollm2-gguf")
    add(built_in_weights("transcribe"), folder, name="whisper")
    add(built_in_weights("embed"), folder, name="minilm")
    return folder


@pytest.fixture(scope="session")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    options = ("--port", "0", "--key", KEY, "--models", str(models))
    with running(tmp_path_factory.mktemp("data"), *options) as started:
        yield started


@pytest.fixture(scope="session")
def client(server: Foretell) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.address}/v1", api_key=KEY, timeout=280, max_retries=0) as opened:
        yield opened

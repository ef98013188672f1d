"""GPUs as NVIDIA's library tells of them: a real server, and a library of that form that tells what a file says."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import KEY, Foretell, running, until

pytestmark = pytest.mark.needs("compiler")

HOLDS = """
import os
from cog import BasePredictor

class Predictor(BasePredictor):
    def predict(self, file: str, kind: str = "process", memory_mb: int = 3000) -> str:
        seen = os.environ["CUDA_VISIBLE_DEVICES"]
        with open(file, "a") as told:
            told.write(f"{kind} {os.getpid()} {seen.removeprefix('GPU-')[0]} {memory_mb}\\n")
        return seen
"""
MANIFEST = """
name = "{name}"
type = "text"
description = "Holds memory of a GPU."
predictor = "predict.py:Predictor"

[limits]
memory_mb = 50
{limits}
"""
GPUS = "gpu 24000 NVIDIA L4\ngpu 16000 Tesla T4\n"
MODELS = {
    "first": "gpu = 1",
    "second": "gpu = 1",
    "third": "gpu = 1",
    "short": "gpu = 1\nrestart_after_runs = 1",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    source = Path(__file__).parent / "nvml" / "library.c"
    command = [
        "cc",
        "-shared",
        "-fPIC",
        "-Wall",
        "-Werror",
        "-o",
        str(folder / "libnvidia-ml.so.1"),
        str(source),
    ]
    subprocess.run(command, check=True)
    return folder


@pytest.fixture
def told(tmp_path: Path) -> Path:
    file = tmp_path / "gpus"
    file.write_text(GPUS)
    return file


@pytest.fixture
def server(tmp_path: Path, library: Path, told: Path) -> Iterator[Foretell]:
    with served(tmp_path, library, told) as started:
        yield started


def served(tmp_path: Path, library: Path, told: Path, **settings: str) -> Any:
    models = tmp_path / "models"
    for name, limits in MODELS.items():
        (models / name).mkdir(parents=True)
        (models / name / "model.toml").write_text(MANIFEST.format(name=name, limits=limits))
        (models / name / "predict.py").write_text(HOLDS)
    options = ["--sandbox", "--port", "0", "--key", KEY]
    environment = {
        "LD_LIBRARY_PATH": str(library),
        "STAND_IN_GPUS": str(told),
        "FORETELL_MODELS": str(models),
    }
    return running(tmp_path / "data", *options, **environment, **settings)


def run(server: Foretell, model: str, told: Path, **given: Any) -> dict[str, Any]:
    with server.client() as client:
        body = {"model": model, "input": {"file": str(told), **given}, "await": True}
        found: dict[str, Any] = client.post("/v1/predict", json=body).json()
    assert found["status"] == "succeeded", found
    return found


def node_of(server: Foretell) -> dict[str, Any]:
    with server.client() as client:
        (found,) = client.get("/v1/admin/nodes").json()["data"]
    return dict(found)


def test_gpus_are_found_by_their_names_and_models_see_them_by_their_ids(server: Foretell, told: Path) -> None:
    node = node_of(server)
    assert node["hardware"] == "NVIDIA L4, Tesla T4"
    assert [(each["name"], each["memory_mb"]) for each in node["gpus"]] == [
        ("NVIDIA L4", 24_000),
        ("Tesla T4", 16_000),
    ]
    assert run(server, "first", told)["output"] == "GPU-1000-0000", "the smaller one is enough"
    assert run(server, "second", told)["output"] == "GPU-0000-0000"


def test_what_a_model_holds_of_a_gpu_is_measured_and_told(server: Foretell, told: Path) -> None:
    run(server, "first", told)

    def measured() -> bool:
        return [each["gpu_memory_mb"] for each in node_of(server)["replicas"]] == [3_000]

    until(measured, about="what it holds")
    assert run(server, "first", told)["metrics"]["gpu_memory_peak_mb"] == 3_000


def test_hidden_gpus_are_not_there(tmp_path: Path, library: Path, told: Path) -> None:
    with served(tmp_path, library, told, CUDA_VISIBLE_DEVICES="1") as server:
        assert [each["name"] for each in node_of(server)["gpus"]] == ["Tesla T4"]
        assert run(server, "first", told)["output"] == "GPU-1000-0000"


def test_a_gpu_whose_memory_does_not_come_back_is_set_aside_until_it_has(
    server: Foretell, told: Path
) -> None:
    assert run(server, "short", told, kind="stuck")["output"] == "GPU-1000-0000"
    until(lambda: "set aside" in server.said(), about="the GPU being set aside")
    assert "Tesla T4 is set aside: memory that short held did not come back" in server.said()
    assert run(server, "first", told)["output"] == "GPU-0000-0000"
    assert run(server, "second", told)["output"] == "GPU-0000-0000", "the first one leaves for it"
    told.write_text("".join(line + "\n" for line in told.read_text().splitlines() if "stuck" not in line))
    until(lambda: "Tesla T4 is back" in server.said(), about="the GPU coming back")
    assert run(server, "third", told)["output"] == "GPU-1000-0000"

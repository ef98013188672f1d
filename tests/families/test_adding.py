"""`foretell models add hf:OWNER/NAME` is all it takes: from a hub on this machine, with the real routes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from families.running import fetched, run
from servers import KEY, Foretell, foretell, running
from weights.hub_server import HubServer

pytestmark = [pytest.mark.needs("families"), pytest.mark.timeout(300)]
NAME = "someone/tiny-turbo"
CARD = b"---\nlicense: openrail\n---\n# Tiny"


@pytest.fixture(scope="module")
def hub(tiny: Path) -> Iterator[HubServer]:
    with HubServer() as served:
        found = {
            path.relative_to(tiny / "stable_diffusion").as_posix(): path.read_bytes()
            for path in (tiny / "stable_diffusion").rglob("*")
            if path.is_file()
        }
        beside = {"README.md": CARD, "unet/flax_model.msgpack": b"x" * 1000, "unet/weights.ckpt": b"x" * 1000}
        served.put(NAME, found | beside)
        served.put("someone/lora", {"lora.safetensors": next((tiny / "lora").glob("*")).read_bytes()})
        yield served


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(hub: HubServer, data: Path) -> Iterator[Foretell]:
    with running(data, "--sandbox", "--port", "0", "--key", KEY, HF_ENDPOINT=hub.url) as started:
        yield started


def test_a_repository_of_a_pipeline_becomes_a_model_that_draws(
    server: Foretell, hub: HubServer, data: Path
) -> None:
    ran = foretell("models", "add", f"hf:{NAME}", "--name", "tiny", data=data)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    made = run(server, "tiny", prompt="a red fox", seed=1, safety_checker=False)
    assert fetched(made).startswith(b"\x89PNG")
    with server.client() as client:
        found = client.get("/v1/models/tiny", params={"fields": "input_schema"}).json()
    assert found["input_schema"]["properties"]["steps"]["default"] == 4, "as its name says"
    fetched_paths = {path for path, _ in hub.asked if "/resolve/" in path}
    assert not [path for path in fetched_paths if path.endswith((".msgpack", ".ckpt"))]


def test_a_repository_of_a_lora_is_refused_with_what_to_do_with_it(server: Foretell, data: Path) -> None:
    ran = foretell("models", "add", "hf:someone/lora", data=data)
    assert ran.returncode == 1
    assert "as the input 'lora'" in ran.stderr + ran.stdout

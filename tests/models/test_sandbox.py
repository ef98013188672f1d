"""The sandbox models, in a child on the server's own Python: deterministic, with nothing to install."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from child.node_end import Child, Frame
from foretell import catalog

MODELS = {version.model: version for version in catalog.sandbox()}


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    with Child(tmp_path) as started:
        yield started


def loaded(child: Child, name: str) -> Child:
    manifest = MODELS[name].manifest
    child.send(type="setup", folder=manifest.folder, predictor=manifest.predictor, concurrency=1)
    assert child.wait_for(lambda frame: frame["type"] in ("ready", "setup_failed"))["type"] == "ready"
    return child


def files(child: Child, ending: Frame) -> list[bytes]:
    folder = child.folder / "runs" / ending["id"]
    return [(folder / file["path"]).read_bytes() for file in ending["files"]]


def size_and_rows(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the rows of colour numbers of a PNG as the sandbox writes it."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    pixels = zlib.decompress(png[start + 4 : start + 4 + length])
    return width, height, [pixels[y * (width + 1) + 1 : (y + 1) * (width + 1)] for y in range(height)]


def test_echo_gives_back_what_it_got(child: Child) -> None:
    assert loaded(child, "echo").run(prompt="ab ", repeat=3)["value"] == "ab ab ab "


def test_slow_reports_each_tenth_of_a_second_and_streams_it(child: Child) -> None:
    loaded(child, "slow").run(seconds=0.3)
    assert child.values() == ["0.1 s\n", "0.2 s\n", "0.3 s\n", "done\n"]


def test_slow_stops_when_it_is_canceled(child: Child) -> None:
    loaded(child, "slow").begin(seconds=60)
    child.wait_for(lambda frame: frame["type"] == "output")
    child.send(type="cancel", id="a")
    assert child.ending()["type"] == "canceled"


def test_fail_fails_with_its_message(child: Child) -> None:
    ending = loaded(child, "fail").run(message="No luck today.")
    assert (ending["type"], ending["code"], ending["message"]) == ("failed", "raised", "No luck today.")


def test_picture_draws_the_same_for_the_same_input_and_other_pictures_for_others(child: Child) -> None:
    loaded(child, "picture")
    first = files(child, child.run("a", prompt="a fox", seed=1, num_outputs=2))
    again = files(child, child.run("b", prompt="a fox", seed=1, num_outputs=2))
    others = files(child, child.run("c", prompt="a fox", seed=2)) + files(child, child.run("d", prompt="a"))
    assert first == again
    assert len({*first, *others}) == 4


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        ({}, (512, 512)),
        ({"aspect_ratio": "16:9"}, (768, 432)),
        ({"width": 320, "height": 200}, (320, 200)),
        ({"width": 17, "height": 33}, (17, 33)),
        ({"width": 960, "aspect_ratio": "16:9"}, (960, 540)),
        ({"height": 1024}, (1024, 1024)),
    ],
)
def test_picture_has_the_size_that_was_asked_for_and_is_mirrored_both_ways(
    child: Child, wanted, size
) -> None:
    (png,) = files(child, loaded(child, "picture").run(prompt="a fox", **wanted))
    width, height, rows = size_and_rows(png)
    assert (width, height) == size
    assert rows == rows[::-1]
    assert all(row == row[::-1] and len(row) == width for row in rows)


def test_picture_takes_all_that_image_models_take() -> None:
    inputs = MODELS["picture"].input_schema["properties"]
    assert {
        "prompt", "negative_prompt", "steps", "guidance", "seed", "width", "height", "aspect_ratio",
        "num_outputs", "output_format", "output_quality", "safety_checker",
    } <= inputs.keys()  # fmt: skip

"""The sandbox models, in a child on the server's own Python: deterministic, with nothing to install."""

import io
import json
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
    child.send(
        type="setup",
        folder=manifest.folder,
        predictor=manifest.predictor,
        paths=list(manifest.paths),
        concurrency=1,
    )
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


@pytest.mark.parametrize(
    ("name", "inputs", "begins"),
    [
        ("truefusion", {"prompt": "a fox", "num_outputs": 2, "width": 64, "height": 48}, b"\x89PNG"),
        ("upscale", {"image": "/nowhere.png", "scale": 2}, b"\x89PNG"),
        ("clip", {"prompt": "a fox", "output_format": "mp4"}, b"GIF89a"),
        ("speech", {"prompt": "Hello."}, b"RIFF"),
        ("speech", {"prompt": "Hello.", "output_format": "mp3"}, b"ID3"),
        ("speech", {"prompt": "Hello.", "output_format": "opus"}, b"RIFF"),
    ],
)
def test_a_stand_in_for_a_model_that_makes_files_makes_one_of_its_kind_always_alike(
    child: Child, name: str, inputs: dict[str, object], begins: bytes
) -> None:
    loaded(child, name)
    first = files(child, child.run("a", **inputs))
    again = files(child, child.run("b", **inputs))
    other = files(child, child.run("c", **{**inputs, "seed": 7}))
    assert first == again
    assert first != other
    assert len(first) == inputs.get("num_outputs", 1)
    assert all(each.startswith(begins) for each in first)


@pytest.mark.parametrize(("output_format", "expected"), [("mp3", "mp3"), ("pcm", "pcm"), ("opus", "wav")])
def test_the_stand_in_for_speech_is_called_what_it_is(
    child: Child, output_format: str, expected: str
) -> None:
    ending = loaded(child, "speech").run(prompt="Hello.", output_format=output_format)
    assert ending["files"][0]["path"].endswith(f".{expected}")


def test_the_silent_mp3_of_a_stand_in_can_be_decoded(child: Child) -> None:
    av = pytest.importorskip("av")
    (data,) = files(child, loaded(child, "speech").run(prompt="Hello.", output_format="mp3"))
    with av.open(io.BytesIO(data)) as found:
        seconds = sum(frame.samples / frame.sample_rate for frame in found.decode(audio=0))
    assert seconds == pytest.approx(1, abs=0.05)


def test_the_stand_in_for_transcriptions_gives_each_form(child: Child) -> None:
    loaded(child, "transcribe")
    forms = {
        each: child.run(each, audio="/nowhere.wav", output_format=each, word_timestamps=True)["value"]
        for each in ("text", "srt", "vtt", "json")
    }
    assert forms["srt"].startswith("1\n00:00:00,000 --> ")
    assert forms["vtt"].startswith("WEBVTT\n")
    found = json.loads(forms["json"])
    assert " ".join(each["word"] for each in found["words"]) == found["text"]
    assert forms["text"].startswith("The sandbox has read ")


def test_a_stand_in_for_a_picture_has_the_size_that_was_asked_for(child: Child) -> None:
    ending = loaded(child, "truefusion").run(prompt="a fox", width=64, height=48)
    assert size_and_rows(files(child, ending)[0])[:2] == (64, 48)


def test_the_animation_of_a_stand_in_can_be_decoded(child: Child) -> None:
    image = pytest.importorskip("PIL.Image")
    (data,) = files(child, loaded(child, "clip").run(prompt="a fox"))
    with image.open(io.BytesIO(data)) as found:
        assert (found.size, found.n_frames) == ((128, 128), 8)
        found.seek(3)
        pixels = found.convert("RGB")
        assert pixels.getpixel((0, 0)) != pixels.getpixel((64, 0))


def test_stand_ins_for_models_that_say_something_say_it_in_their_form(child: Child) -> None:
    loaded(child, "deepbrain").run(messages=[{"role": "user", "content": "Say it back."}])
    assert child.values() == ["Say", " it", " back."]


def test_the_stand_in_for_reading_gives_text_and_a_picture(child: Child) -> None:
    ending = loaded(child, "read").run(image="/nowhere.png")
    assert ending["value"]["text"].startswith("The sandbox has read ")
    assert files(child, ending)[0].startswith(b"\x89PNG")


def test_the_stand_in_for_vectors_gives_one_of_length_1_for_each_text(child: Child) -> None:
    first, second = loaded(child, "embed").run(texts=["a", "b"])["value"]
    assert len(first) == 384
    assert first != second
    assert abs(sum(each * each for each in first) - 1) < 1e-6


@pytest.mark.parametrize("name", ["picture", "truefusion"])
def test_pictures_come_after_a_preview(child: Child, name: str) -> None:
    loaded(child, name).run(prompt="a fox")
    (shown,) = child.of("preview")
    data = (child.folder / "runs" / "a" / shown["path"]).read_bytes()
    assert size_and_rows(data)[:2] == (64, 64)


def test_the_stand_in_for_vectors_takes_tokens_too_and_counts_them(child: Child) -> None:
    vectors = loaded(child, "embed").run(tokens=[[1, 2, 3], [4]])["value"]
    assert [len(each) for each in vectors] == [384, 384]
    assert vectors[0] != vectors[1]
    assert [frame["value"] for frame in child.of("metric")] == [4]

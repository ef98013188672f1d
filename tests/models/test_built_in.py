"""The built-in models, each loaded with its real weights in its real environment and run."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from child.node_end import Child, Frame
from foretell import catalog, config
from foretell.chat import merged
from foretell.weights import Environments, Weights

pytestmark = pytest.mark.needs("models")

Load = Callable[[str], Child]
LOAD_SECONDS = 100.0


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Loads a model by its name. The children end with the test."""
    children: list[Child] = []

    def start(name: str) -> Child:
        manifest = catalog.read_folder(catalog.MODELS / name, created_at=0).manifest
        cache = config.load(os.environ).cache_path
        python = asyncio.run(Environments(cache).python(manifest))
        weights = asyncio.run(Weights(cache).ready(manifest))
        children.append(Child(tmp_path / name, python=str(python)))
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


@pytest.fixture
def drawing(tmp_path: Path):
    """Writes a picture of a line of text, and says where it is."""
    pytest.importorskip("PIL")
    from PIL import Image, ImageDraw, ImageFont  # only where the models' requirements are installed

    def draw(text: str, size: tuple[int, int] = (640, 160)) -> Path:
        picture = Image.new("RGB", size, "white")
        ImageDraw.Draw(picture).text((40, 50), text, fill="black", font=ImageFont.load_default(48))
        picture.save(tmp_path / "drawing.png")
        return tmp_path / "drawing.png"

    return draw


def test_deepbrain_answers_word_by_word_and_the_same_for_the_same_seed(load: Load) -> None:
    child = load("deepbrain")
    question = {"prompt": "What is the capital of France?", "max_tokens": 40, "seed": 2}
    done(child, "a", **question)
    done(child, "b", **question)
    assert "Paris" in "".join(child.values("a"))
    assert len(child.values("a")) > 3
    assert child.values("a") == child.values("b")
    assert metrics(child)["tokens_in"] > 5
    assert metrics(child)["tokens_out"] >= len(child.values("a"))


def test_deepbrain_stops_when_canceled_has_counted_until_then_and_goes_on(load: Load) -> None:
    child = load("deepbrain")
    child.begin("long", prompt="Tell me a very long story.", max_tokens=2048, seed=1)
    child.wait_for(lambda frame: frame["type"] == "output")
    child.send(type="cancel", id="long")
    assert child.ending("long")["type"] == "canceled"
    assert 0 < metrics(child, "long")["tokens_out"] < 2048
    done(child, "next", prompt="Say hello.", max_tokens=5)
    assert child.values("next")


def test_deepbrain_listens_on_no_port(load: Load) -> None:
    child = load("deepbrain")
    assert psutil.Process(child.process.pid).net_connections(kind="inet") == []


def test_deepbrain_says_why_it_cannot_take_a_prompt(load: Load) -> None:
    child = load("deepbrain")
    assert "prompt or messages" in child.run("none")["message"]
    assert "4096" in child.run("long", prompt="word " * 5000)["message"]


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Current weather in a city",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["city", "unit"],
            },
        },
    },
    {"type": "function", "function": {"name": "clock", "description": "Tells the time"}},
]


def message(child: Child, id: str = "a") -> dict[str, Any]:
    return merged(frame["delta"] for frame in child.of("delta", id))


def test_deepbrain_that_must_call_a_function_gives_arguments_of_its_schema(load: Load) -> None:
    child = load("deepbrain")
    done(child, prompt="How warm is it in Rome?", tools=TOOLS[:1], tool_choice="required", seed=1)
    said = message(child)
    assert said["finish_reason"] == "tool_calls"
    (call,) = said["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"])["city"] == "Rome"
    assert child.values() == []
    done(child, "b", prompt="Tell me a story.", tools=TOOLS, tool_choice="required")
    assert message(child, "b")["tool_calls"][0]["function"]["name"] in {"get_weather", "clock"}
    named = {"type": "function", "function": {"name": "clock"}}
    done(child, "c", prompt="How warm is it in Rome?", tools=TOOLS, tool_choice=named)
    assert message(child, "c")["tool_calls"][0]["function"] == {"name": "clock", "arguments": "{}"}


def test_deepbrain_may_talk_although_it_has_functions_and_speaks_after_a_result(load: Load) -> None:
    child = load("deepbrain")
    done(child, "joke", prompt="Tell me a joke.", tools=TOOLS, seed=1, max_tokens=20)
    assert child.values("joke") and "tool_calls" not in message(child, "joke")
    call = {"id": "c", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    talk = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "It is noon."},
    ]
    done(child, "after", messages=talk, tools=TOOLS, seed=1, max_tokens=20)
    assert child.values("after") and "tool_calls" not in message(child, "after")


def test_deepbrain_answers_in_the_form_it_is_asked_for_and_says_why_it_ended(load: Load) -> None:
    child = load("deepbrain")
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 20},
            "age": {"type": "integer", "maximum": 99},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    done(child, prompt="Describe a person.", response_format=wanted, seed=1)
    assert json.loads("".join(child.values())).keys() == {"name", "age"}
    assert message(child) == {"finish_reason": "stop"}
    done(child, "short", prompt="Tell me a story.", max_tokens=3)
    assert message(child, "short") == {"finish_reason": "length"}
    assert metrics(child, "short")["tokens_out"] == 3


def test_deepbrain_says_how_likely_each_token_was(load: Load) -> None:
    child = load("deepbrain")
    done(child, prompt="Say hi.", logprobs=True, top_logprobs=2, max_tokens=3, seed=1)
    tokens = message(child)["logprobs"]["content"]
    assert "".join(each["token"] for each in tokens) == "".join(child.values())
    assert all(each["logprob"] <= 0 and len(each["top_logprobs"]) == 2 for each in tokens)


def test_deepbrain_refuses_a_schema_that_is_none(load: Load) -> None:
    child = load("deepbrain")
    parameters = {"properties": {"a": {"type": "nonsense"}}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
    ending = child.run(prompt="x", tools=tools, tool_choice="required")
    assert ending["message"].startswith("The JSON schema cannot be followed, at #/properties/a")
    assert child.of("delta") == []


@pytest.mark.parametrize("output_format", ["wav", "mp3", "flac", "opus", "aac"])
def test_what_speech_reads_aloud_transcribe_writes_down(load: Load, output_format: str) -> None:
    text = "The train leaves at noon and nobody is late today."
    speech = load("speech")
    (spoken,) = files(speech, done(speech, prompt=text, seed=1, output_format=output_format))
    assert 2 < metrics(speech)["audio_seconds"] < 6
    assert done(load("transcribe"), audio=str(spoken))["value"] == text


def test_speech_as_bare_samples_lasts_as_long_as_they_do(load: Load) -> None:
    speech = load("speech")
    (spoken,) = files(speech, done(speech, prompt="Good morning.", seed=1, output_format="pcm"))
    assert spoken.stat().st_size / 2 / 24_000 == pytest.approx(metrics(speech)["audio_seconds"], abs=0.01)


def test_transcribe_tells_when_each_word_was_said(load: Load) -> None:
    text = "The train leaves at noon and nobody is late today."
    speech, transcribe = load("speech"), load("transcribe")
    (spoken,) = files(speech, done(speech, prompt=text, seed=1))
    found = json.loads(
        done(transcribe, audio=str(spoken), output_format="json", word_timestamps=True)["value"]
    )
    assert " ".join(each["word"] for each in found["words"]) == text
    starts = [each["start"] for each in found["words"]]
    assert starts == sorted(starts)
    assert found["segments"][0]["text"].strip() == found["text"] == text
    assert 0 < found["words"][-1]["end"] <= found["duration"] + 0.5
    subtitles = done(transcribe, "srt", audio=str(spoken), output_format="srt")["value"]
    assert subtitles.startswith("1\n00:00:0")


def test_read_reads_a_line_and_marks_it(load: Load, drawing) -> None:
    child = load("read")
    ending = done(child, image=str(drawing("INVOICE 2026-117")))
    assert ending["value"]["text"] == "INVOICE 2026-117"
    ((left, _), *_) = ending["value"]["lines"][0]["corners"]
    assert 20 < left < 60
    (marked,) = files(child, ending)
    assert marked.read_bytes()[:4] == b"\x89PNG"


def test_read_takes_a_picture_of_a_few_rows_without_making_gigabytes_of_it(load: Load, drawing) -> None:
    ending = done(load("read"), image=str(drawing("", size=(5000, 3))))
    assert ending["value"]["text"] == ""
    assert ending["memory_bytes"] < 1_500_000_000


def test_restyle_paints_a_picture_of_the_same_size_in_other_colours(load: Load, drawing) -> None:
    child = load("restyle")
    (painted,) = files(child, done(child, image=str(drawing("A boat")), style="starry"))
    from PIL import Image

    with Image.open(painted) as picture:
        assert picture.size == (640, 160)
        red, _, blue = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
        assert blue > red + 20


def test_embed_puts_like_meanings_near_each_other(load: Load) -> None:
    texts = ["The cat sits outside.", "A kitten is in the yard.", "The stock market fell."]
    cat, kitten, stocks = done(load("embed"), texts=texts)["value"]

    def likeness(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert len(cat) == 384
    assert likeness(cat, cat) == pytest.approx(1, abs=1e-5)
    assert likeness(cat, kitten) > likeness(cat, stocks) + 0.3


def test_safety_finds_nothing_in_a_page_of_text(load: Load, drawing) -> None:
    assert done(load("safety"), image=str(drawing("Good morning")))["value"]["nsfw"] < 0.2


def test_clip_draws_a_video_from_a_prompt_and_films_a_picture(load: Load, drawing) -> None:
    child = load("clip")
    drawn = done(
        child, "drawn", prompt="red heart", end_prompt="blue heart", seconds=0.5, fps=8, steps=6, seed=1
    )
    filmed = done(child, "filmed", image=str(drawing("A boat")), seconds=1, fps=10, output_format="webm")
    assert files(child, drawn)[0].read_bytes()[4:8] == b"ftyp"
    assert files(child, filmed)[0].read_bytes()[:4] == b"\x1a\x45\xdf\xa3"
    assert metrics(child, "drawn")["frame_count"] == 4
    assert metrics(child, "filmed")["video_seconds"] == 1
    shares = [frame["fraction"] for frame in child.of("progress", "drawn")]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_clip_wants_either_a_prompt_or_a_picture(load: Load, drawing) -> None:
    child = load("clip")
    assert "either a prompt or an image" in child.run("neither")["message"]
    assert "either a prompt or an image" in child.run("both", prompt="x", image=str(drawing("x")))["message"]

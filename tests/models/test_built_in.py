"""The built-in models, each loaded with its real weights in its real environment and run."""

import json
import struct
from pathlib import Path

import pytest

from models.loaded import Load, done, files, metrics

pytestmark = pytest.mark.needs("models")


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


def test_embed_takes_the_numbers_of_its_own_vocabulary_as_they_are(load: Load) -> None:
    child = load("embed")
    (from_text,) = done(child, "text", text="hello world")["value"]
    (from_tokens,) = done(child, "tokens", tokens=[[101, 7592, 2088, 102]])["value"]
    assert from_tokens == from_text
    assert metrics(child, "tokens") == metrics(child, "text") == {"tokens_in": 4}


@pytest.mark.parametrize(
    ("tokens", "complaint"),
    [
        ([[101], [7, 30522]], r"tokens[1] has 30522; the model's vocabulary goes from 0 to 30521."),
        ([[-1]], "tokens[0] has -1;"),
        ([[]], "tokens[0] has 0 tokens"),
        ([[7] * 257], "tokens[0] has 257 tokens; it must have 1 to 256."),
        ([], "Give a text, texts or tokens"),
    ],
)
def test_embed_says_which_tokens_it_does_not_know(load: Load, tokens: list, complaint: str) -> None:
    ending = load("embed").run(tokens=tokens)
    assert ending["type"] == "failed" and complaint in ending["message"]


@pytest.mark.parametrize("name", ["truefusion", "truefusion-pro"])
def test_a_picture_is_shown_before_it_is_finished_unless_it_is_to_be_checked(load: Load, name: str) -> None:
    child = load(name)
    done(child, "shown", prompt="red apple", seed=3, width=64, height=64, safety_checker=False)
    first = child.of("preview", "shown")[0]
    assert (child.folder / "runs" / "shown" / first["path"]).read_bytes()[8:12] == b"WEBP"
    done(child, "checked", prompt="red apple", seed=3, width=64, height=64)
    assert child.of("preview", "checked") == []


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


def test_a_clip_has_the_shape_that_was_asked_for(load: Load) -> None:
    child = load("clip")
    given = {"prompt": "fox", "seconds": 0.5, "fps": 4, "steps": 4, "output_format": "gif"}
    for ratio, sides in (("16:9", (256, 144)), ("9:16", (144, 256)), ("", (256, 256))):
        (video,) = files(child, done(child, f"shape {ratio}".replace(":", "-"), aspect_ratio=ratio, **given))
        assert struct.unpack("<HH", video.read_bytes()[6:10]) == sides


def test_clip_wants_either_a_prompt_or_a_picture(load: Load, drawing) -> None:
    child = load("clip")
    assert "either a prompt or an image" in child.run("neither")["message"]
    assert "either a prompt or an image" in child.run("both", prompt="x", image=str(drawing("x")))["message"]

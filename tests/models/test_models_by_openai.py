"""The built-in models behind OpenAI's routes of a real server."""

import base64
import struct
from collections.abc import Iterator

import httpx
import pytest

from servers import KEY, running

pytestmark = pytest.mark.needs("models")

TEXT = "The train leaves at noon and nobody is late today."
SECONDS = 120


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(tmp_path_factory.mktemp("models"), "--port", "0", "--key", KEY) as server:
        headers = {"authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=server.address, headers=headers, timeout=SECONDS) as opened:
            yield opened


def good(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 200, answer.text
    return answer


def said(client: httpx.Client, **body: object) -> httpx.Response:
    return good(client.post("/v1/audio/speech", json={"model": "speech", "input": TEXT, "seed": 1, **body}))


def test_what_is_read_aloud_is_written_down_again_with_its_times(client: httpx.Client) -> None:
    recording = said(client)
    assert recording.headers["content-type"] == "audio/mpeg"
    file = {"file": ("train.mp3", recording.content)}
    form = {
        "model": "transcribe",
        "response_format": "verbose_json",
        "timestamp_granularities[]": ["word", "segment"],
    }
    found = good(client.post("/v1/audio/transcriptions", data=form, files=file)).json()
    assert found["text"] == TEXT
    assert " ".join(each["word"] for each in found["words"]) == TEXT
    assert found["segments"][-1]["end"] <= found["duration"] + 0.5
    assert found["usage"]["seconds"] >= found["duration"]
    subtitles = {"model": "transcribe", "response_format": "srt"}
    answer = good(client.post("/v1/audio/transcriptions", data=subtitles, files=file))
    assert answer.text.startswith("1\n00:00:0")
    assert TEXT in answer.text
    assert client.get("/v1/files").json()["data"] == []


@pytest.mark.parametrize(
    ("response_format", "media_type", "begins"),
    [
        ("wav", "audio/wav", b"RIFF"),
        ("flac", "audio/flac", b"fLaC"),
        ("opus", "audio/ogg", b"OggS"),
        ("aac", "audio/aac", b"\xff\xf1"),
        ("pcm", "audio/pcm", b""),
    ],
)
def test_speech_is_of_the_kind_that_was_asked_for(
    client: httpx.Client, response_format: str, media_type: str, begins: bytes
) -> None:
    recording = said(client, response_format=response_format, input="Yes.")
    assert recording.headers["content-type"] == media_type
    assert recording.content.startswith(begins)


def test_a_picture_is_a_png_of_the_size_that_was_asked_for_and_can_be_enlarged(client: httpx.Client) -> None:
    body = {"prompt": "a red apple", "size": "128x96", "response_format": "b64_json", "steps": 4}
    [picture] = good(client.post("/v1/images/generations", json=body)).json()["data"]
    drawn = base64.b64decode(picture["b64_json"])
    assert (drawn[:4], struct.unpack(">II", drawn[16:24])) == (b"\x89PNG", (128, 96))
    form = {"model": "upscale", "scale": "2", "prompt": "", "response_format": "b64_json"}
    answer = client.post("/v1/images/edits", data=form, files={"image": ("apple.png", drawn)})
    [picture] = good(answer).json()["data"]
    larger = base64.b64decode(picture["b64_json"])
    assert struct.unpack(">II", larger[16:24]) == (256, 192)

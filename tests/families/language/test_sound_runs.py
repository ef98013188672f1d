"""Models that hear and speak, added without code."""

import base64
import io
import json
import wave

import httpx
import pytest
from openai import OpenAI

from families.language.asking import create, ended, run
from servers import Foretell

pytestmark = [pytest.mark.needs("families"), pytest.mark.needs("models"), pytest.mark.timeout(300)]

TEXT = "The train leaves at noon and nobody is late today."


@pytest.fixture(scope="module")
def recording(client: OpenAI) -> bytes:
    """The text, read aloud by the built-in voice."""
    return client.audio.speech.create(
        model="speech", input=TEXT, voice="any", response_format="wav", extra_body={"seed": 1}
    ).content


def test_a_whisper_writes_down_what_our_own_voice_reads(client: OpenAI, recording: bytes) -> None:
    found = client.audio.transcriptions.create(
        model="whisper",
        file=("train.wav", recording),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert found.text == TEXT
    assert " ".join(each.word for each in found.words) == TEXT
    assert found.language == "english"


def test_a_whisper_of_one_language_refuses_others_by_name(server: Foretell, recording: bytes) -> None:
    audio = f"data:audio/wav;base64,{base64.b64encode(recording).decode()}"
    with server.client() as client:
        asked = {"model": "whisper", "input": {"audio": audio, "language": "fr"}}
        refused = client.post("/v1/predict", json=asked)
    assert refused.status_code == 422
    assert "language" in refused.text


def test_a_whisper_of_transformers_says_when_it_hears_what(server: Foretell, recording: bytes) -> None:
    audio = f"data:audio/wav;base64,{base64.b64encode(recording).decode()}"
    found = run(server, "tiny-ear", audio=audio, output_format="json")
    heard = json.loads(found["output"])
    assert heard["duration"] == pytest.approx(found["metrics"]["audio_seconds"])
    assert all(0 <= each["start"] <= each["end"] for each in heard["segments"])
    named = run(server, "tiny-ear", audio=audio, initial_prompt="Foretell", timestamps=True)
    assert named["status"] == "succeeded"


def test_a_speller_writes_letters_with_the_time_of_their_piece(server: Foretell, recording: bytes) -> None:
    audio = f"data:audio/wav;base64,{base64.b64encode(recording).decode()}"
    found = json.loads(run(server, "tiny-speller", audio=audio, output_format="json")["output"])
    assert found["text"]
    assert found["segments"][0]["end"] == pytest.approx(found["duration"], abs=0.01)


def samples(server: Foretell, **given: object) -> bytes:
    prediction = run(server, "tiny-voice", **given)
    output = prediction["output"]
    content = httpx.get(output[0] if isinstance(output, list) else output).content
    with wave.open(io.BytesIO(content)) as opened:
        assert opened.getframerate() == 16_000
        assert opened.getnframes() / 16_000 == pytest.approx(prediction["metrics"]["audio_seconds"], abs=0.01)
        return opened.readframes(opened.getnframes())


def test_a_voice_reads_alike_with_the_same_seed_and_faster_when_asked(server: Foretell) -> None:
    asked = {"prompt": "hello world", "seed": 1}
    first = samples(server, **asked)
    assert first == samples(server, **asked)
    assert first != samples(server, prompt="hello world", seed=2)
    assert len(samples(server, **asked, speed=2.0)) < len(first)


def test_a_voice_says_that_there_is_nothing_to_read(server: Foretell) -> None:
    found = ended(server, create(server, "tiny-voice", prompt="!!!")["id"])
    assert (found["status"], "nothing" in str(found["error"])) == ("failed", True)

"""The official OpenAI client for Python, unmodified: embeddings, pictures, sounds, files and models."""

import base64
import struct
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

PNG = b"\x89PNG\r\n\x1a\n"


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_embeddings_come_in_the_order_of_their_inputs(openai_client: OpenAI) -> None:
    both = openai_client.embeddings.create(model="embed", input=["one", "two"])
    assert [each.index for each in both.data] == [0, 1]
    alone = openai_client.embeddings.create(model="embed", input="two")
    assert both.data[1].embedding == pytest.approx(alone.data[0].embedding)
    assert both.usage.total_tokens > 0


def test_texts_that_come_as_openais_tokens_have_the_vectors_of_their_texts(openai_client: OpenAI) -> None:
    texts, tokens = ["hello world", "👀"], [[15339, 1917], [9468, 239, 222]]
    said = openai_client.embeddings.create(model="text-embedding-3-small", input=texts)
    numbered = openai_client.embeddings.create(model="text-embedding-3-small", input=tokens)
    for one, other in zip(said.data, numbered.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding)
    alone = openai_client.embeddings.create(model="text-embedding-ada-002", input=tokens[0])
    assert alone.data[0].embedding == pytest.approx(said.data[0].embedding)


def test_embeddings_are_the_same_as_numbers_and_as_bytes(openai_client: OpenAI) -> None:
    # The client itself asks for base64 where nothing is said, and decodes it.
    decoded = openai_client.embeddings.create(model="embed", input="one").data[0].embedding
    floats = openai_client.embeddings.create(model="embed", input="one", encoding_format="float")
    raw: Any = openai_client.embeddings.create(model="embed", input="one", encoding_format="base64")
    assert decoded == pytest.approx(floats.data[0].embedding, abs=1e-6)
    blob = base64.b64decode(raw.data[0].embedding)
    assert list(struct.unpack(f"<{len(blob) // 4}f", blob)) == pytest.approx(decoded)


def test_embeddings_may_be_shorter_and_not_longer(openai_client: OpenAI) -> None:
    short = openai_client.embeddings.create(model="embed", input="one", dimensions=8).data[0].embedding
    assert (len(short), sum(each * each for each in short)) == (8, pytest.approx(1))
    with pytest.raises(openai.BadRequestError):
        openai_client.embeddings.create(model="embed", input="one", dimensions=100_000)


def test_a_picture_comes_as_an_address_or_as_bytes(openai_client: OpenAI) -> None:
    by_address = openai_client.images.generate(model="truefusion", prompt="a fox", size="256x256")
    [only] = by_address.data or []
    picture = httpx.get(only.url or "").content
    assert (picture[:8], size(picture)) == (PNG, (256, 256))
    as_bytes = openai_client.images.generate(
        model="truefusion", prompt="a fox", size="256x256", response_format="b64_json"
    )
    [only] = as_bytes.data or []
    assert base64.b64decode(only.b64_json or "")[:8] == PNG


def test_several_pictures_are_drawn_at_once_and_without_a_model_named(openai_client: OpenAI) -> None:
    answer = openai_client.images.generate(prompt="a fox", n=2, size="256x256")
    assert len({each.url for each in answer.data or []}) == 2


def test_a_picture_is_changed(openai_client: OpenAI) -> None:
    [drawn] = openai_client.images.generate(prompt="a fox", size="256x256").data or []
    picture = httpx.get(drawn.url or "").content
    changed = set()
    for style in ("slate", "starry"):
        answer = openai_client.images.edit(
            model="restyle", image=("fox.png", picture), prompt="", extra_body={"style": style}
        )
        [only] = answer.data or []
        changed.add(httpx.get(only.url or "").content)
    assert len(changed) == 2


def test_words_are_spoken_into_a_file(openai_client: OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    create = openai_client.audio.speech.with_streaming_response.create
    with create(model="speech", voice="alloy", input="hello", response_format="wav") as answer:
        answer.stream_to_file(path)
    assert path.read_bytes()[:4] == b"RIFF"


def test_a_sound_is_written_down(openai_client: OpenAI) -> None:
    said = openai_client.audio.speech.create(
        model="speech", voice="alloy", input="hello", response_format="wav"
    )
    sound = ("said.wav", said.content)
    as_json = openai_client.audio.transcriptions.create(model="transcribe", file=sound)
    assert as_json.text
    as_text: Any = openai_client.audio.transcriptions.create(
        model="transcribe", file=sound, response_format="text"
    )
    assert as_text.strip() == as_json.text.strip()
    verbose = openai_client.audio.transcriptions.create(
        model="transcribe", file=sound, response_format="verbose_json"
    )
    assert verbose.text
    assert verbose.segments


def test_a_picture_and_a_transcript_may_come_as_events(openai_client: OpenAI) -> None:
    drawn = openai_client.images.generate(model="truefusion", prompt="a fox", size="256x256", stream=True)
    *_, last = list(drawn)
    assert last.type == "image_generation.completed"
    assert base64.b64decode(last.b64_json)[:8] == PNG
    said = openai_client.audio.speech.create(
        model="speech", voice="alloy", input="hello", response_format="wav"
    )
    sound = ("said.wav", said.content)
    events: Any = list(openai_client.audio.transcriptions.create(model="transcribe", file=sound, stream=True))
    assert events[-1].type == "transcript.text.done"
    assert "".join(each.delta for each in events[:-1]) == events[-1].text


@pytest.mark.parametrize(("form", "mark"), [("srt", "-->"), ("vtt", "WEBVTT")])
def test_a_sound_is_written_as_subtitles(openai_client: OpenAI, form: Any, mark: str) -> None:
    said = openai_client.audio.speech.create(
        model="speech", voice="alloy", input="hello", response_format="wav"
    )
    written: Any = openai_client.audio.transcriptions.create(
        model="transcribe", file=("said.wav", said.content), response_format=form
    )
    assert mark in written


def test_texts_are_judged_and_categories_that_are_not_judged_are_left_open(openai_client: OpenAI) -> None:
    answer = openai_client.moderations.create(model="omni-moderation-latest", input=["hello", "goodbye"])
    assert len(answer.results) == 2
    for each in answer.results:
        assert (each.flagged, each.categories.hate, each.categories.illicit) == (False, False, None)


def test_code_that_names_the_vendors_models_runs(openai_client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    assert openai_client.chat.completions.create(model="gpt-5", messages=messages).model == "gpt-5"
    assert openai_client.embeddings.create(model="text-embedding-3-small", input="x").data
    assert openai_client.images.generate(model="dall-e-3", prompt="a fox").data
    said = openai_client.audio.speech.create(model="tts-1", voice="nova", input="hello").content
    assert openai_client.audio.transcriptions.create(model="whisper-1", file=("a.mp3", said)).text


def test_a_file_is_kept_listed_read_and_deleted(openai_client: OpenAI) -> None:
    made = openai_client.files.create(file=("notes.txt", b"some notes"), purpose="user_data")
    assert (made.filename, made.bytes, made.object) == ("notes.txt", 10, "file")
    assert openai_client.files.retrieve(made.id) == made
    others = [openai_client.files.create(file=(f"{n}.txt", b"x"), purpose="user_data").id for n in range(3)]
    # The client asks for page after page by itself.
    listed = [each.id for each in openai_client.files.list(limit=2)]
    assert {made.id, *others} <= set(listed)
    assert len(listed) == len(set(listed))
    assert openai_client.files.content(made.id).content == b"some notes"
    assert openai_client.files.delete(made.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        openai_client.files.retrieve(made.id)


def test_models_are_listed_and_found(openai_client: OpenAI) -> None:
    found = {each.id for each in openai_client.models.list()}
    assert {"truefusion", "deepbrain"} <= found
    assert openai_client.models.retrieve("deepbrain").object == "model"
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("nope")


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.embeddings.create(model="embed", input=[]),
        lambda client: client.embeddings.create(model="embed", input=[{"a": 1}]),
        lambda client: client.images.generate(prompt="a fox", size="huge"),
        lambda client: client.images.generate(prompt="a fox", n=0),
        lambda client: client.audio.speech.create(
            model="speech", voice="alloy", input="x", response_format="midi"
        ),
    ],
)
def test_what_is_wrong_is_a_bad_request(openai_client: OpenAI, call: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        call(openai_client)
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.embeddings.create(model="truefusion", input="x"),
        lambda client: client.images.generate(model="echo", prompt="x"),
        lambda client: client.audio.speech.create(model="embed", voice="alloy", input="x"),
        lambda client: client.audio.transcriptions.create(model="embed", file=("a.wav", b"RIFF")),
    ],
)
def test_a_model_of_another_kind_says_so(openai_client: OpenAI, call: Any) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        call(openai_client)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error_id"] == "MODEL_NOT_SUPPORTED"

"""POST /v1/audio/speech and /v1/audio/transcriptions."""

import json
from typing import Any

import pytest

from databases import direct_to
from foretell.prediction import Status
from openai_calls import Call, Leaving, newest, refusal, say, succeed
from openai_media import FormCall, post, post_form, succeed_with, uploads
from served_api import Api
from servers import until

SPEECH, TRANSCRIPTIONS = "/v1/audio/speech", "/v1/audio/transcriptions"
HELLO = {"model": "speaker", "input": "Hello.", "voice": "alloy"}
SOUND = b"ID3 and so on"
RECORDING = ("file", ("hello.wav", b"RIFF", "audio/wav"))
DETAILED = {
    "task": "transcribe",
    "language": "english",
    "duration": 1.5,
    "text": "Hello.",
    "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": " Hello."}],
    "words": [{"word": "Hello.", "start": 0.0, "end": 0.4}],
}


def spoken(api: Api, **body: Any) -> dict[str, Any]:
    """The input of the prediction that a body makes."""
    call = Call(api, SPEECH, {**HELLO, **body})
    hold = call.begun()
    found = api.get(hold.prediction_id).input
    succeed_with(api, hold, SOUND, media_type="audio/mpeg")
    assert call.ended().status == 200
    return found


def written(api: Api, result: Any, **fields: Any) -> tuple[dict[str, Any], FormCall]:
    """The input of the prediction that a form makes, and the answered call."""
    call = FormCall(api, TRANSCRIPTIONS, {"model": "scribe", **fields}, [RECORDING])
    hold = call.begun()
    found = api.get(hold.prediction_id).input
    succeed(api, hold, result, audio_seconds=1.5)
    return found, call.ended()


def test_speech_is_a_prediction_whose_sound_is_the_answer(media_api: Api) -> None:
    call = Call(media_api, SPEECH, HELLO)
    hold = call.begun()
    succeed_with(media_api, hold, SOUND, media_type="audio/mpeg")
    call.ended()
    prediction = media_api.get(hold.prediction_id)
    assert prediction.request == {"endpoint": "audio.speech"}
    assert prediction.input == {"prompt": "Hello.", "voice": "alloy", "output_format": "mp3"}
    assert (call.status, call.headers["content-type"]) == (200, "audio/mpeg")
    assert call.headers["content-length"] == str(len(SOUND))
    assert call.lines == [SOUND.decode()]


def test_a_voice_a_pace_and_a_kind_of_file_reach_the_model(media_api: Api) -> None:
    found = spoken(media_api, voice="nova", speed=2, response_format="opus", instructions="Be glad.")
    assert found == {"prompt": "Hello.", "voice": "nova", "speed": 2, "output_format": "opus"}


def test_a_model_with_one_voice_and_one_kind_of_file_is_left_to_them(media_api: Api) -> None:
    assert spoken(media_api, model="hummer", speed=1.0) == {"text": "Hello."}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"model": None}, (400, "invalid_parameter", "model")),
        ({"model": "nope"}, (404, "model_not_found", "model")),
        ({"model": "painter"}, (422, "model_not_supported", None)),
        ({"model": "scribe"}, (422, "model_not_supported", None)),
        ({"input": ""}, (400, "invalid_parameter", "input")),
        ({"voice": "gravel"}, (400, "invalid_parameter", "voice")),
        ({"speed": 4}, (400, "invalid_parameter", "speed")),
        ({"speed": 2, "model": "hummer"}, (400, "invalid_parameter", "speed")),
        ({"response_format": "flac"}, (400, "invalid_parameter", "response_format")),
        ({"stream_format": "sse"}, (400, "invalid_parameter", "stream_format")),
        ({"sede": 1}, (400, "invalid_parameter", "sede")),
    ],
)
def test_speech_that_cannot_be_is_refused_by_name(
    media_api: Api, body: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    status, _, code, param = refusal(post(media_api, SPEECH, **{**HELLO, **body}))
    assert (status, code, param) == expected


def test_a_model_that_gives_no_sound_has_failed(media_api: Api) -> None:
    call = Call(media_api, SPEECH, HELLO)
    succeed_with(media_api, call.begun(), b"\x89PNG", media_type="image/png")
    assert call.answer()["error"]["error_id"] == "INFERENCE_ERROR"


def test_who_leaves_stops_the_speech(media_api: Api) -> None:
    leaving = Leaving(media_api, SPEECH, HELLO)
    prediction = newest(media_api)
    leaving.leave()
    until(lambda: media_api.get(prediction.id).status is Status.CANCELED, about="the cancel")


def test_a_recording_is_lent_to_a_prediction_that_writes_it_down(media_api: Api) -> None:
    call = FormCall(media_api, TRANSCRIPTIONS, {"model": "scribe"}, [RECORDING])
    hold = call.begun()
    prediction = media_api.get(hold.prediction_id)
    [upload] = uploads(media_api)
    assert prediction.request == {"endpoint": "audio.transcriptions"}
    assert prediction.input["audio"] == upload["id"]
    assert prediction.input["output_format"] == "text"
    config = media_api.services.config
    with direct_to(config) as direct:
        [(created_at, erase_at)] = direct("SELECT created_at, erase_at FROM files WHERE id = ?", upload["id"])
    # Should the server be killed now, the janitor knows when nobody can need it any more.
    assert (
        config.inference_seconds_max
        < (erase_at - created_at) / 1_000_000
        < 2 * config.inference_seconds_max + 60
    )
    succeed(media_api, hold, "Hello.", audio_seconds=1.2)
    assert call.answer() == {"text": "Hello.", "usage": {"type": "duration", "seconds": 2}}
    assert uploads(media_api) == []


def test_a_recording_is_gone_also_when_its_transcription_failed(media_api: Api) -> None:
    call = FormCall(media_api, TRANSCRIPTIONS, {"model": "scribe"}, [RECORDING])
    media_api.fail(call.begun(), "raised", "There is no sound in the file.")
    assert "There is no sound in the file." in call.answer()["error"]["message"]
    assert uploads(media_api) == []


def test_names_and_a_language_reach_the_model(media_api: Api) -> None:
    found, _ = written(
        media_api, "Salut.", prompt="Foretell", language="fr", temperature="0.2", include="logprobs"
    )
    assert (found["initial_prompt"], found["language"]) == ("Foretell", "fr")


@pytest.mark.parametrize(
    ("form", "kind", "chosen"),
    [
        ("text", "text/plain; charset=utf-8", "text"),
        ("srt", "application/x-subrip; charset=utf-8", "srt"),
        ("vtt", "text/vtt; charset=utf-8", "vtt"),
    ],
)
def test_text_and_subtitles_are_answered_as_they_are(
    media_api: Api, form: str, kind: str, chosen: str
) -> None:
    found, call = written(media_api, "As the model\nwrote it.\n", response_format=form)
    assert found["output_format"] == chosen
    assert call.headers["content-type"] == kind
    assert call.lines == ["As the model", "wrote it."]


def test_a_transcript_with_its_times_is_the_models_own(media_api: Api) -> None:
    found, call = written(media_api, json.dumps(DETAILED), response_format="verbose_json")
    assert (found["output_format"], found["word_timestamps"]) == ("json", False)
    assert call.answer() == DETAILED | {"usage": {"type": "duration", "seconds": 2}}


@pytest.mark.parametrize(
    ("granularities", "has_words", "keys"),
    [
        (["word"], True, {"words"}),
        (["word", "segment"], True, {"words", "segments"}),
        (["segment"], False, {"words", "segments"}),
    ],
)
def test_times_are_those_that_were_asked_for(
    media_api: Api, granularities: list[str], has_words: bool, keys: set[str]
) -> None:
    fields = {"response_format": "verbose_json", "timestamp_granularities[]": granularities}
    found, call = written(media_api, json.dumps(DETAILED), **fields)
    assert found["word_timestamps"] is has_words
    assert call.answer().keys() & {"words", "segments"} == keys


def test_a_stream_of_a_model_that_streams_comes_as_it_is_heard(media_api: Api) -> None:
    fields = {"model": "plain-scribe", "stream": "true"}
    call = FormCall(media_api, TRANSCRIPTIONS, fields, [RECORDING])
    hold = call.begun()
    say(media_api, hold, "Hel", "lo.")
    call.said("lo.")
    succeed(media_api, hold, "Hello.")
    assert call.chunks() == [
        {"type": "transcript.text.delta", "delta": "Hel"},
        {"type": "transcript.text.delta", "delta": "lo."},
        {"type": "transcript.text.done", "text": "Hello."},
    ]
    assert uploads(media_api) == []


def test_a_stream_of_another_model_comes_at_once(media_api: Api) -> None:
    _, call = written(media_api, "Hello.", stream="true")
    assert [each.get("delta") or each.get("text") for each in call.chunks()] == ["Hello.", "Hello."]


@pytest.mark.parametrize(
    ("fields", "files", "expected"),
    [
        ({"model": ""}, [RECORDING], (400, "missing_required_parameter", "model")),
        ({"model": "nope"}, [RECORDING], (404, "model_not_found", "model")),
        ({"model": "painter"}, [RECORDING], (422, "model_not_supported", None)),
        ({"model": "speaker"}, [RECORDING], (422, "model_not_supported", None)),
        ({}, [("sound", RECORDING[1])], (400, "invalid_parameter", "file")),
        ({}, [RECORDING] * 2, (400, "invalid_parameter", "file")),
        ({"language": "de"}, [RECORDING], (400, "invalid_parameter", "language")),
        ({"response_format": "xml"}, [RECORDING], (400, "invalid_parameter", "response_format")),
        (
            {"model": "plain-scribe", "response_format": "srt"},
            [RECORDING],
            (400, "invalid_parameter", "response_format"),
        ),
        (
            {"timestamp_granularities[]": "word"},
            [RECORDING],
            (400, "invalid_parameter", "timestamp_granularities"),
        ),
        ({"stream": "true", "response_format": "srt"}, [RECORDING], (400, "invalid_parameter", "stream")),
        ({"stream": "perhaps"}, [RECORDING], (400, "invalid_parameter", "stream")),
    ],
)
def test_a_transcription_that_cannot_be_is_refused_and_leaves_no_file(
    media_api: Api, fields: dict[str, Any], files: Any, expected: tuple[int, str, str | None]
) -> None:
    status, _, code, param = refusal(
        post_form(media_api, TRANSCRIPTIONS, {"model": "scribe", **fields}, files)
    )
    assert (status, code, param) == expected
    assert uploads(media_api) == []


def test_there_are_no_translations(media_api: Api) -> None:
    answer = post_form(media_api, "/v1/audio/translations", {"model": "scribe"}, [RECORDING])
    assert refusal(answer) == (404, "invalid_request_error", "endpoint_not_found", None)

"""POST /v1/images/generations."""

import base64
from typing import Any

import pytest

from foretell.event import Kind
from foretell.prediction import Status
from openai_calls import Call, Leaving, newest, refusal
from openai_media import events, post, succeed_with
from served_api import Api
from servers import until

PATH = "/v1/images/generations"
PNG = b"\x89PNG\r\n\x1a\n and so on"
FOX = {"model": "painter", "prompt": "a fox"}
PREVIEW = "data:image/webp;base64,UklGRg=="


def given(api: Api, **body: Any) -> dict[str, Any]:
    """The input of the prediction that a body makes."""
    call = Call(api, PATH, {**FOX, **body})
    hold = call.begun()
    found = api.get(hold.prediction_id).input
    succeed_with(api, hold, PNG)
    assert call.ended().status == 200
    return found


def refused(api: Api, **body: Any) -> tuple[int, str, str | None]:
    """Status, code and param of the refusal of a body."""
    status, _, code, param = refusal(post(api, PATH, **{**FOX, **body}))
    return status, code, param


def test_a_request_for_pictures_is_a_prediction_that_answers_with_addresses(media_api: Api) -> None:
    call = Call(media_api, PATH, {**FOX, "n": 2})
    hold = call.begun()
    files = succeed_with(media_api, hold, PNG, PNG)
    answer = call.answer()
    prediction = media_api.get(hold.prediction_id)
    assert prediction.request == {"endpoint": "images.generations"}
    assert prediction.input == {"prompt": "a fox", "num_outputs": 2, "output_format": "png"}
    assert answer == {
        "created": prediction.created_at // 1_000_000,
        "data": [{"url": file.url(media_api.address)} for file in files],
        "output_format": "png",
    }
    with media_api.anyone() as anyone:
        assert anyone.get(answer["data"][0]["url"]).content == PNG


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"response_format": "b64_json"}, "b64_json"),
        ({"model": "gpt-image-1"}, "b64_json"),
        ({"model": "gpt-image-1", "response_format": "url"}, "url"),
        ({"response_format": None}, "url"),
    ],
)
def test_pictures_come_in_the_answer_where_clients_expect_that(
    media_api: Api, body: dict[str, Any], key: str
) -> None:
    call = Call(media_api, PATH, {**FOX, **body})
    succeed_with(media_api, call.begun(), PNG, media_type="image/jpeg")
    answer = call.answer()
    assert answer["data"][0].keys() == {key}
    assert answer["output_format"] == "jpeg"
    if key == "b64_json":
        assert base64.b64decode(answer["data"][0]["b64_json"]) == PNG


def test_a_size_is_width_and_height_or_the_nearest_shape(media_api: Api) -> None:
    assert {"width": 1024, "height": 512}.items() <= given(media_api, size="1024x512").items()
    assert "width" not in given(media_api, size="auto")
    shapes = {"1024x1024": "1:1", "1792x1024": "16:9", "1024x1536": "2:3", "1100x1000": "1:1"}
    for size, shape in shapes.items():
        assert given(media_api, model="shapes", size=size)["aspect_ratio"] == shape


def test_a_kind_of_file_and_its_compression_reach_the_model_in_its_words(media_api: Api) -> None:
    found = given(media_api, output_format="jpeg", output_compression=0)
    assert (found["output_format"], found["output_quality"]) == ("jpg", 1)
    assert "output_quality" not in given(media_api, model="fixed", output_compression=50)


def test_hints_reach_models_that_have_them_and_what_is_the_models_own_goes_to_it(media_api: Api) -> None:
    found = given(
        media_api, style="vivid", quality="hd", moderation="low", user="me", background="auto", seed=7
    )
    assert found == {"prompt": "a fox", "num_outputs": 1, "output_format": "png", "style": "vivid", "seed": 7}


def test_more_pictures_than_a_model_makes_at_once_are_several_predictions(media_api: Api) -> None:
    call = Call(media_api, PATH, {**FOX, "n": 9, "seed": 5})
    made = call.predictions(3)
    assert [each.input.get("num_outputs") for each in map(media_api.get, [each.id for each in made])] == [
        4,
        4,
        1,
    ]
    assert [media_api.get(each.id).input["seed"] for each in made] == [5, 9, 13]
    files = [
        succeed_with(media_api, media_api.begin(each.id), *[PNG] * count)
        for each, count in zip(made, (4, 4, 1), strict=True)
    ]
    assert [each["url"] for each in call.answer()["data"]] == [
        file.url(media_api.address) for several in files for file in several
    ]


def test_a_model_that_makes_one_picture_is_asked_as_often_and_one_failure_ends_all(media_api: Api) -> None:
    call = Call(media_api, PATH, {**FOX, "model": "fixed", "n": 2})
    first, second = call.predictions(2)
    media_api.fail(media_api.begin(first.id), "raised", "No paint is left.")
    answer = call.answer()
    assert call.status == 500
    assert answer["error"]["error_id"] == "INFERENCE_ERROR"
    assert "No paint is left." in answer["error"]["message"]
    until(lambda: media_api.get(second.id).status is Status.CANCELED, about="the end of the other")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"prompt": None}, (400, "invalid_parameter", "prompt")),
        ({"prompt": 5}, (400, "invalid_parameter", "prompt")),
        ({"model": "nope"}, (404, "model_not_found", "model")),
        ({"model": "speaker"}, (422, "model_not_supported", None)),
        ({"model": "changer"}, (422, "model_not_supported", None)),
        ({"n": 0}, (400, "invalid_parameter", "n")),
        ({"n": 11}, (400, "invalid_parameter", "n")),
        ({"n": "2"}, (400, "invalid_parameter", "n")),
        ({"size": "large"}, (400, "invalid_parameter", "size")),
        ({"size": "0x64"}, (400, "invalid_parameter", "size")),
        ({"size": "2048x64"}, (400, "invalid_parameter", "size")),
        ({"size": "1024x32"}, (400, "invalid_parameter", "size")),
        ({"size": "64x64", "model": "fixed"}, (400, "invalid_parameter", "size")),
        ({"output_format": "webp"}, (400, "invalid_parameter", "output_format")),
        ({"output_format": "png", "model": "fixed"}, (400, "invalid_parameter", "output_format")),
        ({"output_compression": 101}, (400, "invalid_parameter", "output_compression")),
        ({"response_format": "png"}, (400, "invalid_parameter", "response_format")),
        ({"background": "transparent"}, (400, "invalid_parameter", "background")),
        ({"seed": "seven"}, (400, "invalid_parameter", "seed")),
        ({"sede": 7}, (400, "invalid_parameter", "sede")),
        ({"partial_images": 4}, (400, "invalid_parameter", "partial_images")),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(
    media_api: Api, body: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    assert refused(media_api, **body) == expected


def test_a_prompt_is_required(media_api: Api) -> None:
    missing = (400, "invalid_request_error", "missing_required_parameter", "prompt")
    assert refusal(post(media_api, PATH, model="painter")) == missing


def test_the_model_is_ours_where_none_is_named(api: Api) -> None:
    call = Call(api, PATH, {"prompt": "a fox"})
    hold = call.begun()
    assert api.get(hold.prediction_id).model == "truefusion"
    api.succeed_with_file(hold, PNG, name="own-model.png")
    assert call.ended().status == 200


def test_a_model_that_gives_no_picture_has_failed(media_api: Api) -> None:
    call = Call(media_api, PATH, FOX)
    succeed_with(media_api, call.begun(), b"{}", media_type="application/json")
    assert call.answer()["error"]["error_id"] == "INFERENCE_ERROR"


def test_a_request_of_which_every_picture_was_withheld_breaks_the_content_policy(media_api: Api) -> None:
    call = Call(media_api, PATH, FOX)
    media_api.fail(call.begun(), "unsafe_output", "The safety checker withheld every picture of the output.")
    error = call.answer()["error"]
    assert (call.status, error["code"]) == (400, "content_policy_violation")
    assert error["type"] == "invalid_request_error"


def test_a_stream_shows_as_many_unfinished_pictures_as_were_asked_for_and_then_the_whole(
    media_api: Api,
) -> None:
    call = Call(media_api, PATH, {**FOX, "stream": True, "partial_images": 2, "size": "64x64"})
    hold = call.begun()
    for sequence in (1, 2, 3):
        media_api.say(hold, sequence, Kind.PREVIEW, image=PREVIEW)
    call.said('"partial_image_index":1')
    succeed_with(media_api, hold, PNG)
    (first, partial), (_, second), (last, whole) = events(call)
    assert (first, last) == ("image_generation.partial_image", "image_generation.completed")
    assert partial["type"] == first
    assert (partial["b64_json"], partial["output_format"]) == ("UklGRg==", "webp")
    assert [each["partial_image_index"] for each in (partial, second)] == [0, 1]
    assert base64.b64decode(whole["b64_json"]) == PNG
    assert (whole["size"], whole["output_format"], whole["usage"]["total_tokens"]) == ("64x64", "png", 0)


def test_a_failure_after_the_first_picture_ends_the_stream_in_its_own_event(media_api: Api) -> None:
    call = Call(media_api, PATH, {**FOX, "stream": True, "partial_images": 1})
    hold = call.begun()
    media_api.say(hold, 1, Kind.PREVIEW, image=PREVIEW)
    call.said("partial_image")
    media_api.fail(hold, "raised", "No paint is left.")
    name, data = events(call)[-1]
    assert (name, data["type"], data["error"]["error_id"]) == ("error", "error", "INFERENCE_ERROR")


def test_a_failure_before_it_is_an_error_of_http(media_api: Api) -> None:
    call = Call(media_api, PATH, {**FOX, "stream": True})
    media_api.fail(call.begun(), "raised", "No paint is left.")
    assert call.answer()["error"]["error_id"] == "INFERENCE_ERROR"
    assert call.status == 500


def test_who_leaves_cancels_the_run(media_api: Api) -> None:
    leaving = Leaving(media_api, PATH, FOX)
    prediction = newest(media_api)
    leaving.leave()
    until(lambda: media_api.get(prediction.id).status is Status.CANCELED, about="the cancel")

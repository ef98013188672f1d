"""POST /v1/images/edits."""

import base64
from typing import Any

import pytest

from openai_calls import refusal
from openai_media import FormCall, events, post_form, succeed_with, uploads
from served_api import Api

EDITS = "/v1/images/edits"
PNG = b"\x89PNG\r\n\x1a\n and so on"


def test_a_picture_is_changed_with_the_models_own_inputs_and_is_gone_afterwards(media_api: Api) -> None:
    before = uploads(media_api)
    fields = {
        "model": "changer",
        "prompt": "",
        "strength": "0.5",
        "steps": "3",
        "tags[]": ["a", "b"],
        "title": "12",
        "keep": "true",
        "response_format": "b64_json",
    }
    call = FormCall(media_api, EDITS, fields, {"image": ("my fox.png", PNG, "image/png")})
    hold = call.begun()
    prediction = media_api.get(hold.prediction_id)
    image = prediction.input.pop("image")
    assert prediction.request == {"endpoint": "images.edits"}
    assert prediction.input == {"strength": 0.5, "steps": 3, "tags": ["a", "b"], "title": "12", "keep": True}
    [upload] = [each for each in uploads(media_api) if each not in before]
    assert upload["id"] == image
    with media_api.anyone() as anyone:
        assert anyone.get(upload["url"]).content == PNG
    succeed_with(media_api, hold, PNG)
    assert base64.b64decode(call.answer()["data"][0]["b64_json"]) == PNG
    assert uploads(media_api) == before


def test_the_name_of_a_style_may_be_the_prompt_of_a_model_that_takes_none(media_api: Api) -> None:
    fields = {"model": "changer", "prompt": "pop"}
    call = FormCall(media_api, EDITS, fields, {"image": ("fox.png", PNG)})
    hold = call.begun()
    assert media_api.get(hold.prediction_id).input["style"] == "pop"
    succeed_with(media_api, hold, PNG)
    assert call.ended().status == 200


def test_a_prompt_reaches_a_model_that_changes_pictures_by_words(media_api: Api) -> None:
    fields = {"model": "repainter", "prompt": "in winter", "stream": "true"}
    call = FormCall(media_api, EDITS, fields, {"image[]": ("fox.png", PNG)})
    hold = call.begun()
    assert media_api.get(hold.prediction_id).input["prompt"] == "in winter"
    succeed_with(media_api, hold, PNG)
    assert [name for name, _ in events(call)] == ["image_edit.completed"]
    assert uploads(media_api) == []


IMAGE = ("image", ("fox.png", PNG))


@pytest.mark.parametrize(
    ("fields", "files", "expected"),
    [
        ({}, [IMAGE], (400, "missing_required_parameter", "model")),
        ({"model": "changer"}, [], (400, "invalid_request", None)),
        ({"model": "changer"}, [("picture", IMAGE[1])], (400, "invalid_parameter", "picture")),
        ({"model": "changer"}, [IMAGE, ("mask", IMAGE[1])], (400, "invalid_parameter", "mask")),
        ({"model": "changer"}, [("image[]", IMAGE[1])] * 2, (400, "invalid_parameter", "image")),
        ({"model": "changer", "prompt": "in winter"}, [IMAGE], (422, "model_not_supported", "prompt")),
        ({"model": "changer", "steps": "many"}, [IMAGE], (400, "invalid_parameter", "steps")),
        ({"model": "changer", "strength": "NaN"}, [IMAGE], (400, "invalid_parameter", "strength")),
        ({"model": "changer", "tags": "[" * 100_000}, [IMAGE], (400, "invalid_parameter", "tags")),
        ({"model": "changer", "n": "many"}, [IMAGE], (400, "invalid_parameter", "n")),
        ({"model": "painter", "prompt": "a fox"}, [IMAGE], (422, "model_not_supported", None)),
        ({"model": "speaker", "prompt": "a fox"}, [IMAGE], (422, "model_not_supported", None)),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_leaves_no_file(
    media_api: Api, fields: dict[str, Any], files: Any, expected: tuple[int, str, str | None]
) -> None:
    status, _, code, param = refusal(post_form(media_api, EDITS, fields, files or {"nothing": (None, "x")}))
    assert (status, code, param) == expected
    assert uploads(media_api) == []

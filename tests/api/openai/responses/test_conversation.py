"""Responses that go on from one another, and what is kept of them."""

from typing import Any

import pytest

from responding import Talks, checked, prediction_of, text_of

CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"at":"sea"}'}}
PICTURE = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}


def asked_with(talks: Talks, body: dict[str, Any]) -> Any:
    """What the model was given."""
    return talks.api.get(prediction_of(body)).input["messages"]


def test_a_conversation_goes_on_from_a_stored_response(either_talks: Talks) -> None:
    talks = either_talks
    first = talks.answered("Blue.", input="A colour?", instructions="Be brief.")
    second = talks.answered(
        "Red.", input="Another?", previous_response_id=first["id"], instructions="Be loud."
    )
    third = talks.answered("Green.", input="One more?", previous_response_id=second["id"])
    assert second["previous_response_id"] == first["id"]
    assert asked_with(talks, second)[0] == {"role": "system", "content": "Be loud."}
    assert asked_with(talks, third) == [
        {"role": "user", "content": "A colour?"},
        {"role": "assistant", "content": "Blue."},
        {"role": "user", "content": "Another?"},
        {"role": "assistant", "content": "Red."},
        {"role": "user", "content": "One more?"},
    ]


def test_the_output_of_a_called_function_goes_back_to_the_model(talks: Talks) -> None:
    message = {"tool_calls": [CALL], "finish_reason": "tool_calls"}
    first = talks.answered("Let me see.", message, input="The weather?")
    output = {"type": "function_call_output", "call_id": "call_1", "output": "Rain."}
    second = talks.answered("It rains.", input=[output], previous_response_id=first["id"])
    expected = [
        {"role": "user", "content": "The weather?"},
        {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Rain."},
    ]
    assert asked_with(talks, second) == expected
    replayed = talks.answered(
        "It rains.", input=[{"role": "user", "content": "The weather?"}, *first["output"], output]
    )
    assert asked_with(talks, replayed) == expected


def test_a_conversation_outlives_the_responses_it_went_on_from(talks: Talks) -> None:
    first = talks.answered("Blue.", input="A colour?")
    second = talks.answered("Red.", input="Another?", previous_response_id=first["id"])
    assert talks.delete(first["id"]).json() == {"id": first["id"], "object": "response", "deleted": True}
    third = talks.answered("Green.", input="One more?", previous_response_id=second["id"])
    assert [each["content"] for each in asked_with(talks, third)] == [
        "A colour?",
        "Blue.",
        "Another?",
        "Red.",
        "One more?",
    ]


def test_items_are_listed_from_both_ends_in_pages(talks: Talks) -> None:
    first = talks.answered("Blue.", input="A colour?", instructions="Be brief.")
    given = [
        {"type": "message", "role": "developer", "content": "Think."},
        {"role": "user", "content": "Why?"},
    ]
    body = talks.answered("So.", input=given, previous_response_id=first["id"])
    newest = talks.get(body["id"], "/input_items?limit=3").json()
    rest = talks.get(body["id"], f"/input_items?after={newest['last_id']}").json()
    oldest = talks.get(body["id"], "/input_items?order=asc").json()["data"]
    assert (newest["has_more"], rest["has_more"]) == (True, False)
    assert [*newest["data"], *rest["data"]] == oldest[::-1]
    assert [(each["role"], each["content"][0]["text"]) for each in oldest] == [
        ("user", "A colour?"),
        ("assistant", "Blue."),
        ("developer", "Think."),
        ("user", "Why?"),
    ]
    assert [each["content"][0]["type"] for each in oldest[:2]] == ["input_text", "output_text"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=up", "after=msg_1"])
def test_a_page_that_cannot_be_is_refused(talks: Talks, query: str) -> None:
    body = talks.answered("Blue.")
    answer = talks.get(body["id"], f"/input_items?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.split("=")[0])


def test_an_item_can_be_referred_to_by_its_id(talks: Talks) -> None:
    first = talks.answered("Blue.", input="A colour?")
    items = talks.get(first["id"], "/input_items").json()["data"]
    references = [
        {"type": "item_reference", "id": items[0]["id"]},
        {"id": first["output"][0]["id"]},
    ]
    second = talks.answered("Red.", input=[*references, {"role": "user", "content": "Another?"}])
    assert [each["content"] for each in asked_with(talks, second)] == ["A colour?", "Blue.", "Another?"]


def test_a_picture_comes_to_a_model_that_sees_and_stays_with_the_response(talks: Talks) -> None:
    given = [{"role": "user", "content": [{"type": "input_text", "text": "What is it?"}, PICTURE]}]
    body = talks.answered("A dot.", model="seer", input=given)
    [turn] = asked_with(talks, body)
    assert turn["content"][1]["image_url"]["url"] == PICTURE["image_url"]
    [item] = talks.get(body["id"], "/input_items").json()["data"]
    assert item["content"] == [{"type": "input_text", "text": "What is it?"}, PICTURE]
    again = talks.answered("Black.", model="seer", input="Its colour?", previous_response_id=body["id"])
    assert asked_with(talks, again)[0] == turn


def test_an_uploaded_picture_is_named_by_its_id(talks: Talks) -> None:
    with talks.api.client() as client:
        upload = {"file": ("dot.png", b"\x89PNG\r\n\x1a\n", "image/png")}
        file_id = client.post("/v1/files", files=upload).json()["id"]
    part = {"type": "input_image", "file_id": file_id, "detail": "auto"}
    given = [{"role": "user", "content": [part]}]
    body = talks.answered("A dot.", model="seer", input=given)
    address = asked_with(talks, body)[0]["content"][0]["image_url"]["url"]
    assert address.startswith(f"{talks.api.address}/files/")
    assert talks.get(body["id"], "/input_items").json()["data"][0]["content"] == [part]
    answer = talks.post({"model": "seer", "input": given}, key=talks.api.other_account())
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input")


def test_a_picture_for_a_model_that_does_not_see_is_refused(talks: Talks) -> None:
    given = [{"role": "user", "content": [PICTURE]}]
    answer = talks.post({"model": "talker", "input": given})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input")


def test_a_response_is_its_accounts_alone(talks: Talks) -> None:
    body = talks.answered("Blue.")
    stranger = talks.api.other_account()
    assert talks.get(body["id"], key=stranger).status_code == 404
    assert talks.get(body["id"], "/input_items", key=stranger).status_code == 404
    assert talks.post({}, f"/{body['id']}/cancel", key=stranger).status_code == 404
    going_on = {"model": "talker", "input": "Go on.", "previous_response_id": body["id"]}
    assert talks.post(going_on, key=stranger).status_code == 400
    reference = {"model": "talker", "input": [{"type": "item_reference", "id": body["output"][0]["id"]}]}
    assert talks.post(reference, key=stranger).status_code == 400


def test_other_predictions_are_no_responses(talks: Talks) -> None:
    prediction_id = talks.api.create("truefusion")["id"]
    answer = talks.get(f"resp_{prediction_id.replace('-', '')}")
    assert (answer.status_code, answer.json()["error"]["error_id"]) == (404, "NOT_FOUND")
    assert talks.get("resp_1").status_code == 404
    assert talks.get(prediction_id).status_code == 404


def test_a_deleted_response_is_gone_with_its_prediction(talks: Talks) -> None:
    body = talks.answered("Blue.")
    assert talks.delete(body["id"]).status_code == 200
    assert talks.get(body["id"]).status_code == 404
    assert talks.delete(body["id"]).status_code == 404
    with talks.api.client() as client:
        assert client.get(f"/v1/predictions/{prediction_of(body)}").status_code == 404


@pytest.mark.parametrize("end", ["nothing", "failed"])
def test_nothing_goes_on_from_a_response_without_an_answer(talks: Talks, end: str) -> None:
    body = checked(talks.post({"model": "talker", "input": "A colour?", "background": True}))
    if end == "failed":
        talks.api.fail(talks.api.begin(prediction_of(body)), "raised", "The model is confused.")
    answer = talks.post({"model": "talker", "input": "Another?", "previous_response_id": body["id"]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "previous_response_id")


def test_a_conversation_cannot_grow_beyond_what_a_body_may_hold(api_with: Any) -> None:
    talks = Talks(api_with(body_bytes_max=2_000))
    first = talks.answered("Blue.", input="a" * 1_500)
    answer = talks.post({"model": "talker", "input": "b" * 600, "previous_response_id": first["id"]})
    assert (answer.status_code, text_of(first)) == (413, "Blue.")

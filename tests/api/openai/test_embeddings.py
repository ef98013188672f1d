"""POST /v1/embeddings."""

import base64
import math
import struct
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from openai_calls import Call, refusal, succeed
from served_api import Api

PATH = "/v1/embeddings"
VECTOR = [0.6, 0.8, 0.0]


def embedded(api: Api, result: Any, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer to a body, and the input of its prediction, which ends with `result`."""
    call = Call(api, PATH, {"model": "vectors", **body})
    hold = call.begun()
    given = api.get(hold.prediction_id).input
    succeed(api, hold, result, tokens_in=7)
    answer = call.answer()
    assert call.status == 200, answer
    return answer, given


def ask(api: Api, **body: Any) -> httpx.Response:
    with api.client() as client:
        return client.post(PATH, json={"model": "vectors", **body})


def test_one_text_has_one_vector(openai_api: Api) -> None:
    answer, given = embedded(openai_api, [VECTOR], input="A cat.", user="someone")
    assert given["texts"] == ["A cat."]
    assert answer == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": VECTOR}],
        "model": "vectors",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }


def test_several_texts_have_their_vectors_in_order(openai_api: Api) -> None:
    answer, _ = embedded(openai_api, [VECTOR, VECTOR[::-1]], input=["A cat.", "A dog."])
    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert [each["embedding"] for each in answer["data"]] == [VECTOR, VECTOR[::-1]]


def test_base64_is_little_endian_32_bit_floats(openai_api: Api) -> None:
    answer, _ = embedded(openai_api, [VECTOR], input="A cat.", encoding_format="base64")
    raw = base64.b64decode(answer["data"][0]["embedding"])
    assert struct.unpack("<3f", raw) == pytest.approx(VECTOR)


def test_fewer_dimensions_are_the_first_of_length_one(openai_api: Api) -> None:
    answer, _ = embedded(openai_api, [[0.3, 0.4, 0.5]], input="A cat.", dimensions=2)
    vector = answer["data"][0]["embedding"]
    assert vector == pytest.approx([0.6, 0.8])
    assert math.hypot(*vector) == pytest.approx(1.0)


def test_more_dimensions_than_there_are_cannot_be_had(openai_api: Api) -> None:
    call = Call(openai_api, PATH, {"model": "vectors", "input": "A cat.", "dimensions": 4})
    succeed(openai_api, call.begun(), [VECTOR])
    assert call.ended().status == 400
    assert call.answer()["error"]["param"] == "dimensions"


@pytest.mark.parametrize(("given", "tokens"), [([1, 2], [[1, 2]]), ([[1], [2, 3]], [[1], [2, 3]])])
def test_tokens_go_to_a_model_that_takes_them(openai_api: Api, given: list[Any], tokens: list[Any]) -> None:
    _, found = embedded(openai_api, [VECTOR] * len(tokens), input=given)
    assert found["tokens"] == tokens


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ([15339, 1917], ["hello world"]),
        ([[15339, 1917], [9468, 239, 222], [100_255]], ["hello world", "👀", " Conveyor"]),
        ([[9468]], ["\ufffd"]),
    ],
)
def test_tokens_for_a_vendors_name_are_read_as_that_vendors(
    openai_with: Callable[..., Api], given: list[Any], texts: list[str]
) -> None:
    api = openai_with(names={"text-embedding-3-small": {"runs": "vectors", "tokens": "cl100k_base"}})
    answer, found = embedded(api, [VECTOR] * len(texts), model="text-embedding-3-small", input=given)
    assert found.get("tokens") is None
    assert found["texts"] == texts
    assert len(answer["data"]) == len(texts)


def test_a_token_that_the_vendors_vocabulary_does_not_have_is_refused(
    openai_with: Callable[..., Api],
) -> None:
    api = openai_with(names={"ada": {"runs": "vectors", "tokens": "cl100k_base"}})
    answer = ask(api, model="ada", input=[15339, 100_257])
    assert refusal(answer) == (400, "invalid_request_error", "invalid_parameter", "input")
    assert "100257" in answer.json()["error"]["message"]


def test_a_model_of_one_text_gets_one_text(openai_api: Api) -> None:
    answer, given = embedded(openai_api, VECTOR, model="one-vector", input=["A cat."])
    assert given == {"text": "A cat."}
    assert answer["data"][0]["embedding"] == VECTOR


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": ""}, "input[0]"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": []}, "input"),
        ({"input": [[]]}, "input[0]"),
        ({"input": ["a"] * 2_049}, "input"),
        ({"input": ["a", 1]}, "input"),
        ({"input": [[1], [-1]]}, "input"),
        ({"input": {"text": "a"}}, "input"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "dimensions": "many"}, "dimensions"),
        ({"input": [1, 2], "model": "one-vector"}, "input"),
        ({"input": ["a", "b"], "model": "one-vector"}, "input"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(openai_api: Api, body: dict[str, Any], param: str) -> None:
    assert refusal(ask(openai_api, **body)) == (400, "invalid_request_error", "invalid_parameter", param)


def test_a_body_without_input_is_told_so(openai_api: Api) -> None:
    found = refusal(ask(openai_api))
    assert found == (400, "invalid_request_error", "missing_required_parameter", "input")


def test_a_model_without_embeddings_says_so(openai_api: Api) -> None:
    assert refusal(ask(openai_api, model="talker", input="a"))[2] == "model_not_supported"


def test_an_answer_of_other_than_vectors_is_the_models_failure(openai_api: Api) -> None:
    call = Call(openai_api, PATH, {"model": "vectors", "input": ["a", "b"]})
    succeed(openai_api, call.begun(), [VECTOR])
    assert call.ended().status == 500
    assert call.answer()["error"]["error_id"] == "INFERENCE_ERROR"

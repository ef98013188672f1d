import time

import pytest

from foretell.errors import Code, Error
from foretell.schema import InputSchema, without_secrets

PICTURE = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "minLength": 1, "maxLength": 20},
        "steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 25},
        "guidance": {"type": "number", "default": 7.5},
        "num_outputs": {"type": "integer", "maximum": 4, "default": 1},
        "seed": {"type": "integer", "default": None},
        "aspect_ratio": {"allOf": [{"$ref": "#/definitions/aspect_ratio"}], "default": "1:1"},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "image": {"type": "string", "format": "uri"},
        "masks": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "token": {"type": "string", "format": "password"},
        "more": {
            "anyOf": [{"type": "array", "items": {"type": "string", "format": "uri"}}, {"type": "null"}]
        },
        "other_token": {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "definitions": {"aspect_ratio": {"type": "string", "enum": ["1:1", "16:9"]}},
}
SCHEMA = InputSchema(PICTURE)
FILLED = {"steps": 25, "guidance": 7.5, "num_outputs": 1, "aspect_ratio": "1:1"}


def problems(values: dict[str, object]) -> tuple[str, ...]:
    with pytest.raises(Error) as caught:
        SCHEMA.complete(values)
    assert caught.value.code is Code.INVALID_INPUT
    assert all(each in caught.value.message for each in caught.value.details)
    return caught.value.details


def test_defaults_are_filled_in_and_what_was_given_is_kept() -> None:
    assert SCHEMA.complete({"prompt": "a fox", "steps": 9}) == FILLED | {"prompt": "a fox", "steps": 9}


def test_an_integer_may_be_written_as_a_whole_float_and_becomes_an_integer() -> None:
    completed = SCHEMA.complete({"prompt": "a", "steps": 30.0, "sizes": [1.0, 2], "guidance": 5.0})
    assert repr(completed["steps"]) == "30"
    assert repr(completed["sizes"]) == "[1, 2]"
    assert repr(completed["guidance"]) == "5.0"


def test_a_number_written_as_text_is_refused() -> None:
    assert problems({"prompt": "a", "steps": "30"}) == ('steps: "30" is not an integer',)


@pytest.mark.parametrize("word", ["n", "number_of_images", "num_outputs"])
def test_every_word_for_the_number_of_outputs_reaches_the_models_own(word: str) -> None:
    assert SCHEMA.complete({"prompt": "a", word: 3})["num_outputs"] == 3


def test_two_words_for_one_input_are_refused() -> None:
    assert problems({"prompt": "a", "n": 1, "num_outputs": 2}) == (
        "n: is another word for 'num_outputs', which is given too",
    )


def test_an_unknown_field_is_named_with_the_nearest_known_one() -> None:
    assert problems({"prompt": "a", "promt": "b"}) == (
        "promt: is not an input of this model; did you mean 'prompt'?",
    )


def test_all_problems_are_named_at_once_each_with_its_path() -> None:
    found = problems({"steps": 900, "sizes": [1, "two"], "aspect_ratio": "2:1", "zzz": 1})
    assert set(found) == {
        "prompt: is required",
        "steps: 900 is more than the maximum of 50",
        'sizes[1]: "two" is not an integer',
        'aspect_ratio: "2:1" is not one of "1:1", "16:9"',
        "zzz: is not an input of this model, which takes prompt, steps, guidance, num_outputs, seed, "
        "aspect_ratio, sizes, image, masks, token, more, other_token, note",
    }


def test_null_counts_as_not_given_unless_the_schema_takes_it() -> None:
    completed = SCHEMA.complete({"prompt": "a", "steps": None, "seed": None, "note": None})
    assert completed == FILLED | {"prompt": "a", "note": None}
    assert problems({"prompt": None}) == ("prompt: is required",)


def test_a_huge_value_is_not_repeated_in_the_message() -> None:
    assert problems({"prompt": "x" * 1_000_000}) == (
        "prompt: has 1,000,000 characters, more than the 20 allowed",
    )
    assert len(problems({"prompt": "a", "steps": "x" * 1_000_000})[0]) < 200


def test_a_flood_of_problems_is_counted_not_listed() -> None:
    found = problems({"prompt": "a"} | {f"field{number}": 1 for number in range(500)})
    assert len(found) == 101
    assert found[-1] == "and 400 more"


def test_a_vast_input_is_refused_in_a_moment_and_its_small_parts_are_still_named() -> None:
    began = time.monotonic()
    vast: dict[str, object] = {"sizes": ["one"] * 1_000_000, "more": [1] * 1_000_000}
    wrong = problems({"steps": 900} | vast)
    unknown = problems(
        {"prompt": "a"} | {f"field{number}": 1 for number in range(300_000)} | {"x" * 10**6: 1}
    )
    # Both took minutes in which the server answered nobody.
    assert time.monotonic() - began < 10
    reason = "holds more than 10,000 values, not all of which are what this model takes"
    assert set(wrong) == {
        f"sizes: {reason}",
        f"more: {reason}",
        "prompt: is required",
        "steps: 900 is more than the maximum of 50",
    }
    assert unknown[-1] == "and 299901 more"


def test_a_vast_input_that_fits_is_taken_whatever_else_is_wrong() -> None:
    values = {"prompt": "a", "sizes": [1.0] * 20_000}
    assert SCHEMA.complete(values)["sizes"] == [1] * 20_000
    found = problems({"sizes": [1] * 20_000, "steps": "x"})
    assert set(found) == {'steps: "x" is not an integer', "prompt: is required"}


def test_an_open_schema_takes_fields_it_does_not_name() -> None:
    schema = InputSchema({"type": "object", "properties": {}, "additionalProperties": True})
    assert schema.complete({"anything": [1]}) == {"anything": [1]}


def test_files_are_found_by_their_format() -> None:
    assert SCHEMA.file_fields() == ("image", "masks", "more")


def test_secrets_are_hidden_where_an_input_is_shown() -> None:
    values = {"prompt": "a fox", "token": "s3cret", "other_token": "s3cret too"}
    hidden = {"prompt": "a fox", "token": "**********", "other_token": "**********"}
    assert without_secrets(PICTURE, values) == hidden
    assert values["token"] == "s3cret"


def test_an_input_that_is_nested_too_deeply_is_refused() -> None:
    deep: list[object] = []
    for _ in range(900):
        deep = [deep]
    assert problems({"prompt": deep}) == ("input: is nested too deeply",)


def test_what_is_said_of_an_input_is_found_under_its_synonyms_and_behind_a_reference() -> None:
    schema = InputSchema(
        {
            "type": "object",
            "properties": {
                "n": {"type": "integer", "maximum": 4},
                "shape": {"allOf": [{"$ref": "#/definitions/Shape"}], "default": "round"},
            },
            "definitions": {"Shape": {"enum": ["round", "square"]}},
        }
    )
    assert (schema.said_of("num_outputs") or {})["maximum"] == 4
    assert (schema.said_of("shape") or {})["enum"] == ["round", "square"]
    assert schema.said_of("size") is None

"""What a caller sends to the language model becomes a conversation that it can read, and a choice of functions."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "src" / "foretell" / "models" / "deepbrain"))

from conversation import conversation
from functions import NONE, Function, arguments, choices, question

SYSTEM = {"role": "system", "content": "Be brief."}


def test_a_prompt_follows_the_system_prompt() -> None:
    assert conversation("Hello.", [], "Be brief.") == [SYSTEM, {"role": "user", "content": "Hello."}]


def test_a_prompt_beside_messages_is_the_last_thing_said() -> None:
    said = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hi!"}]
    assert conversation("And now?", said, "Be brief.") == [
        SYSTEM,
        *said,
        {"role": "user", "content": "And now?"},
    ]


def test_a_system_message_of_the_callers_own_takes_the_place_of_the_system_prompt() -> None:
    own = {"role": "system", "content": "Rhyme."}
    said = [own, {"role": "user", "content": "Hello."}]
    assert conversation("", said, "Be brief.") == said


def test_parts_of_type_text_are_joined() -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}]
    assert conversation("", [{"role": "user", "content": parts}], "")[-1]["content"] == "Hello."


def test_the_developers_role_is_that_of_the_system() -> None:
    assert conversation("Hello.", [{"role": "developer", "content": "Be brief."}], "")[0] == SYSTEM


@pytest.mark.parametrize(
    ("prompt", "messages", "complaint"),
    [
        ("", [], "prompt or messages"),
        ("  \n", [], "prompt or messages"),
        ("", [{"role": "wizard", "content": "Hello."}], r"messages\[0\]\.role"),
        ("", [{"content": "Hello."}], r"messages\[0\]\.role"),
        ("", [{"role": "user"}], r"messages\[0\]\.content"),
        ("", [{"role": "user", "content": [{"type": "image_url"}]}], r"messages\[0\]\.content"),
        ("", [{"role": "user", "content": [{"type": "text"}]}], r"messages\[0\]\.content"),
        ("", [{"role": "user", "content": ["Hello."]}], r"messages\[0\]\.content"),
        ("", [{"role": "assistant", "content": None}], r"messages\[0\]\.content"),
        ("", [{"role": "assistant", "tool_calls": [{"id": "a"}]}], r"messages\[0\]\.tool_calls"),
        ("", [{"role": "assistant", "tool_calls": 7}], r"messages\[0\]\.tool_calls"),
        ("", [{"role": "tool"}], r"messages\[0\]\.content"),
    ],
)
def test_what_cannot_be_answered_is_refused_and_named(prompt: str, messages: list, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        conversation(prompt, messages, "Be brief.")


def test_a_call_and_its_result_are_told_as_the_model_would_write_them() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
    said = [
        {"role": "user", "content": "How warm is it in Rome?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "21 degrees"},
    ]
    assert conversation("", said, "Be brief.")[2:] == [
        {"role": "assistant", "content": 'weather({"city":"Rome"})'},
        {"role": "tool", "content": "21 degrees"},
    ]


def test_words_before_a_call_stay_before_it() -> None:
    call = {"function": {"name": "f", "arguments": "{}"}}
    said = [{"role": "assistant", "content": "Let me see.", "tool_calls": [call, call]}]
    assert conversation("", said, "Be brief.")[-1]["content"] == "Let me see.\nf({})\nf({})"


CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Function("get_weather", "The weather in a city", CITY)
CLOCK = Function("clock", "", {})
TOOLS = [
    {
        "type": "function",
        "function": {"name": "get_weather", "description": "The weather in a city", "parameters": CITY},
    },
    {"type": "function", "function": {"name": "clock"}},
]


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ("auto", ([WEATHER, CLOCK], False)),
        ("none", ([], False)),
        ("required", ([WEATHER, CLOCK], True)),
        ({"type": "function", "function": {"name": "clock"}}, ([CLOCK], True)),
    ],
)
def test_the_choice_says_which_functions_may_and_which_must_be_called(choice, found) -> None:
    assert choices(TOOLS, choice) == found


@pytest.mark.parametrize(
    ("tools", "choice", "complaint"),
    [
        ([{"type": "retrieval"}], "auto", r"tools\[0\] must be of type function"),
        ([*TOOLS, {"type": "function", "function": {"name": "a b"}}], "auto", r"tools\[2\]\.function\.name"),
        ([{"type": "function", "function": {}}], "none", r"tools\[0\]\.function\.name"),
        (
            [{"type": "function", "function": {"name": "f", "parameters": "city"}}],
            "auto",
            r"tools\[0\]\.function\.parameters",
        ),
        (TOOLS * 65, "auto", "at most 128"),
        (TOOLS, "always", "tool_choice must be"),
        (TOOLS, {"type": "function", "function": {"name": "other"}}, "tool_choice must be"),
        (TOOLS, {"type": "function"}, "tool_choice must be"),
        ([], "required", "there are no tools"),
    ],
)
def test_tools_that_are_not_of_the_form_are_refused_and_named(tools, choice, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        choices(tools, choice)


def test_the_model_can_only_answer_with_a_functions_name_or_none() -> None:
    turns = [SYSTEM, {"role": "user", "content": "How warm is it?"}, {"role": "assistant", "content": "?"}]
    asked = question(turns, [WEATHER, CLOCK], must=False)
    assert asked["grammar"] == f'root ::= "{NONE}" | "get_weather" | "clock"'
    assert asked["messages"][-1] == {"role": "user", "content": "How warm is it?"}
    assert NONE not in str(question(turns, [WEATHER, CLOCK], must=True)["grammar"])


def test_arguments_are_bound_to_the_functions_schema_and_to_nothing_else() -> None:
    turns = [SYSTEM, {"role": "user", "content": "How warm is it in Rome?"}]
    asked = arguments(turns, WEATHER)
    assert asked["response_format"]["json_schema"]["schema"] == {**CITY, "additionalProperties": False}
    assert asked["messages"][1:] == turns[1:]
    assert CLOCK.takes_nothing and not WEATHER.takes_nothing

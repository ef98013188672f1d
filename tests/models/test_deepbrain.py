"""What a caller sends to the language model becomes a conversation that it can read."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "src" / "foretell" / "models" / "deepbrain"))

from conversation import conversation

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
    ],
)
def test_what_cannot_be_answered_is_refused_and_named(prompt: str, messages: list, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        conversation(prompt, messages, "Be brief.")

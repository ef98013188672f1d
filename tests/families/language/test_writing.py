"""Tokens become text: whole letters, thoughts and calls apart from words, nothing after a stop."""

import json
import sys
from pathlib import Path

import pytest

from foretell import families

sys.path.insert(0, str(Path(families.__file__).parent / "transformers" / "predictor"))

from writing import Letters, Stops, Voices, calls_in


class Bytes:
    """A vocabulary in which each byte is a word."""

    def decode(self, numbers: list[int], **_: object) -> str:
        return bytes(numbers).decode(errors="replace")


def test_half_a_letter_waits_for_its_other_half() -> None:
    letters = Letters(Bytes())
    assert [letters.add(number) for number in "aé🎉".encode()] == ["a", "", "é", "", "", "", "🎉"]
    assert letters.end() == ""


def test_half_a_letter_at_the_end_is_said_as_what_it_is() -> None:
    letters = Letters(Bytes())
    assert letters.add("é".encode()[0]) == ""
    assert letters.end() == "\ufffd"


def parts(*pieces: str, is_thinking: bool = False, may_call: bool = True) -> list[tuple[str, str]]:
    """What is heard, with neighbours of one voice joined."""
    voices = Voices(is_thinking=is_thinking, may_call=may_call)
    heard: list[tuple[str, str]] = []
    for voice, text in [*(said for piece in pieces for said in voices.add(piece)), *voices.end()]:
        if heard and heard[-1][0] == voice != "call":
            heard[-1] = (voice, heard[-1][1] + text)
        else:
            heard.append((voice, text))
    return heard


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_thoughts_are_told_from_words_however_they_are_cut(size: int) -> None:
    text = "<think>Hm < 3?</think>\n\nYes, a <b>."
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    assert parts(*pieces) == [("reasoning_content", "Hm < 3?"), ("content", "Yes, a <b>.")]


def test_a_template_that_begins_a_thought_leaves_its_end_to_the_model() -> None:
    assert parts("Hm.", "</think>Yes.", is_thinking=True) == [
        ("reasoning_content", "Hm."),
        ("content", "Yes."),
    ]


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_calls_are_told_from_words(size: int) -> None:
    text = 'Let me look.<tool_call>\n{"name": "a"}\n</tool_call>\n<tool_call>{"name": "b"}</tool_call>'
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    assert parts(*pieces) == [
        ("content", "Let me look."),
        ("call", '\n{"name": "a"}\n'),
        ("call", '{"name": "b"}'),
    ]


def test_an_answer_of_bare_json_is_a_call_only_if_it_names_a_function() -> None:
    assert parts('[{"name": "a", ', '"arguments": {}}]') == [("call", '[{"name": "a", "arguments": {}}]')]
    assert parts('{"age": 3}') == [("content", '{"age": 3}')]
    assert parts('{"name": "a"}', may_call=False) == [("content", '{"name": "a"}')]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('{"name": "f", "arguments": {"x": 1}}', [("f", {"x": 1})]),
        ('{"name": "f", "parameters": {"x": 1}}', [("f", {"x": 1})]),
        ('{"name": "f"}', [("f", {})]),
        ('[{"name": "f"}, {"name": "g", "arguments": "{\\"y\\": 2}"}]', [("f", {}), ("g", {"y": 2})]),
        ("<function=f>\n<parameter=city>\nRome\n</parameter>\n</function>", [("f", {"city": "Rome"})]),
        ('{"age": 3}', []),
        ("[1, 2]", []),
        ("[]", []),
        ("Hello.", []),
    ],
)
def test_calls_are_read_as_the_models_write_them(text: str, calls: list) -> None:
    found = [(each["function"]["name"], json.loads(each["function"]["arguments"])) for each in calls_in(text)]
    assert found == calls


def test_nothing_of_a_stop_is_said_however_it_is_cut() -> None:
    for size in (1, 2, 5):
        stops, text, said = Stops(["END", "\n\n"]), "One EN two\n three END four", ""
        for place in range(0, len(text), size):
            said += "" if stops.is_reached else stops.add(text[place : place + size])
        assert (said, stops.is_reached) == ("One EN two\n three ", True)


def test_what_only_began_like_a_stop_is_said_in_the_end() -> None:
    stops = Stops(["END"])
    assert stops.add("the E") + stops.end() == "the E"
    assert not stops.is_reached

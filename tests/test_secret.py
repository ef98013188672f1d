"""Secrets: sealed where they are stored, hidden in what is said in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import Error
from foretell.schema import HIDDEN, InputSchema, without_secrets
from foretell.seal import Seal
from foretell.secret import Curtain, opened, sealed

SEAL = Seal(b"one server's secret")
SCHEMA = {
    "type": "object",
    "properties": {
        "key": {"type": "string", "format": "password", "maxLength": 12, "pattern": "^sk-"},
        "keys": {"type": "array", "items": {"type": "string", "format": "password"}},
        "spare": {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}], "default": None},
        "prompt": {"type": "string"},
    },
}
NAMES = ("key", "keys", "spare")


def test_an_input_comes_back_as_it_was_sealed() -> None:
    values = {"key": "sk-1", "keys": ["a", "ü"], "spare": None, "prompt": "sk-1"}
    kept = sealed(values, NAMES, SEAL)
    assert kept["prompt"] == "sk-1" and kept["spare"] is None
    assert kept["key"].startswith("sealed:") and "sk-1" not in kept["key"]
    assert all(each.startswith("sealed:") for each in kept["keys"])
    assert opened(kept, NAMES, SEAL) == values


def test_what_looks_sealed_when_it_comes_is_sealed_all_the_same() -> None:
    values = {"key": "sealed:bm90aGluZw=="}
    assert opened(sealed(values, NAMES, SEAL), NAMES, SEAL) == values


def test_what_was_stored_before_inputs_were_sealed_is_read_as_it_is() -> None:
    assert opened({"key": "plain"}, NAMES, SEAL) == {"key": "plain"}


@pytest.mark.parametrize("stored", ["sealed:!", "sealed:", "sealed:AAAA"])
def test_what_was_altered_is_refused(stored: str) -> None:
    with pytest.raises(Error):
        opened({"key": stored}, NAMES, SEAL)


def test_another_servers_secret_opens_nothing() -> None:
    kept = sealed({"key": "sk-1"}, NAMES, SEAL)
    with pytest.raises(Error, match="another server's secret"):
        opened(kept, NAMES, Seal(b"another server's secret"))


def test_secrets_are_known_by_their_schema_in_lists_and_where_they_may_be_left_out() -> None:
    assert InputSchema(SCHEMA).secret_fields() == NAMES
    shown = without_secrets(SCHEMA, {"key": "a", "keys": ["b"], "spare": "c", "prompt": "d"})
    assert shown == {"key": HIDDEN, "keys": HIDDEN, "spare": HIDDEN, "prompt": "d"}


@pytest.mark.parametrize(
    "values", [{"key": "hunter2"}, {"keys": [72]}, {"keys": "hunter2"}, {"key": ["hunter2"]}]
)
def test_what_is_wrong_with_a_secret_is_said_without_it(values: dict[str, object]) -> None:
    with pytest.raises(Error) as refused:
        InputSchema(SCHEMA).complete(values)
    said = f"{refused.value.message} {refused.value.details}"
    assert "hunter2" not in said and "72" not in said and HIDDEN in said


@given(st.lists(st.text(alphabet="abcx ", max_size=5), max_size=30), st.integers(1, 40))
def test_a_secret_is_found_however_the_text_around_it_is_cut(words: list[str], size: int) -> None:
    secret = "abcab"
    text = secret.join(words)
    curtain = Curtain({"key": secret}, ["key"])
    shown = "".join(curtain.piece("stdout", text[at : at + size]) for at in range(0, len(text), size))
    shown += curtain.rest().get("stdout", "")
    assert secret not in shown
    assert curtain.rest() == {}
    assert shown.count(HIDDEN) == text.count(secret) or "abcabcab" in text


def test_what_only_begins_like_a_secret_is_shown_in_the_end() -> None:
    curtain = Curtain({"key": "abcdef"}, ["key"])
    assert curtain.piece("stdout", "one abc") == "one "
    assert curtain.piece("stderr", "two\n") == "two\n"
    assert curtain.piece("stdout", "d or not\n") == "abcd or not\n"
    assert curtain.piece("stdout", "ab") == ""
    assert curtain.rest() == {"stdout": "ab"}


def test_a_secret_that_is_a_part_of_another_leaves_nothing_of_it() -> None:
    curtain = Curtain({"keys": ["abcd", "abcdefgh"]}, ["keys"])
    assert curtain.whole("x abcdefgh abcd y") == f"x {HIDDEN} {HIDDEN} y"


def test_a_very_short_secret_does_not_make_a_log_unreadable() -> None:
    curtain = Curtain({"key": "a"}, ["key"])
    assert curtain.piece("stdout", "a banana") == "a banana"
    assert not curtain

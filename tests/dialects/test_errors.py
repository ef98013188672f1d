"""The catalogue of errors and the envelope around them."""

import pytest

import strict
from foretell.dialects.skytells import error_envelope
from foretell.dialects.skytells.errors import ERRORS
from foretell.errors import Code, Error


@pytest.mark.parametrize("code", Code)
def test_every_code_has_its_status_and_word(code: Code) -> None:
    status, body = error_envelope(Error(code, "Something is wrong."), "req_1")
    strict.check(strict.ERROR, body)
    assert body["error"]["http_status"] == status
    assert body["response"] == body["error"]["message"] == body["error"]["details"] == "Something is wrong."
    assert body["error"]["request_id"] == "req_1"


def test_details_are_one_string() -> None:
    error = Error(
        Code.INVALID_INPUT, "The input has 2 problems.", details=("a: is required", "b: is required")
    )
    assert error_envelope(error, "req_1")[1]["error"]["details"] == "a: is required; b: is required"


def test_no_word_stands_for_two_statuses_but_the_one_that_the_clients_know() -> None:
    statuses: dict[str, set[int]] = {}
    for status, error_id in ERRORS.values():
        statuses.setdefault(error_id, set()).add(status)
    assert {word: found for word, found in statuses.items() if len(found) > 1} == {
        "INVALID_REQUEST": {400, 409}
    }

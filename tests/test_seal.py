"""Sealing: only the same secret opens, and nothing altered does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import Error
from foretell.seal import Seal

SECRET = b"the server's own secret"


@given(st.binary(max_size=500))
def test_what_was_sealed_opens_under_the_same_secret(data: bytes) -> None:
    assert Seal(SECRET).open(Seal(SECRET).seal(data)) == data


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(Error, match="another server's secret"):
        Seal(b"another server's secret").open(Seal(SECRET).seal(b"key"))


@given(st.data())
def test_nothing_altered_or_cut_short_opens(data: st.DataObject) -> None:
    sealed = Seal(SECRET).seal(b"sk-something")
    place = data.draw(st.integers(0, len(sealed) - 1))
    altered = sealed[:place] + bytes([sealed[place] ^ data.draw(st.integers(1, 255))]) + sealed[place + 1 :]
    for wrong in (altered, sealed[:place]):
        with pytest.raises(Error):
            Seal(SECRET).open(wrong)


def test_sealing_twice_gives_different_words_that_do_not_hold_the_secret() -> None:
    first, second = Seal(SECRET).seal(b"sk-something"), Seal(SECRET).seal(b"sk-something")
    assert first != second
    assert b"something" not in first


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(Error, match="at least 16 bytes"):
        Seal(b"short")

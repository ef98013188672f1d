"""What once crashed a reader of strangers' bytes, and what a hunt begins with, do so no more."""

from pathlib import Path

import pytest

from fuzz.targets import TARGETS, seeds

FOUND = Path(__file__).parent / "found"


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_input_that_was_ever_found_does_harm(name: str) -> None:
    bite = TARGETS[name]()
    found = [path.read_bytes() for path in sorted((FOUND / name).glob("*"))]
    for data in (*seeds(name), b"", *found):
        bite(data)


def test_every_input_that_was_found_belongs_to_a_target() -> None:
    assert {path.name for path in FOUND.iterdir() if path.is_dir()} <= set(TARGETS)

"""Which hardware is of the class that a caller asks for."""

import pytest

from foretell.hardware import ANY, class_of, has


@pytest.mark.parametrize("asked", ["H100", "h100", " H-100 ", "nvidia-h100", "NVIDIA H100"])
def test_a_class_may_be_written_in_many_ways(asked: str) -> None:
    assert class_of(asked) == "h100"
    assert has("NVIDIA H100 80GB HBM3", class_of(asked))


@pytest.mark.parametrize(
    ("hardware", "asked"), [("cpu", "H100"), ("NVIDIA A100-SXM4-80GB", "H100"), ("", "T4")]
)
def test_other_hardware_is_not_of_it(hardware: str, asked: str) -> None:
    assert not has(hardware, class_of(asked))


@pytest.mark.parametrize("asked", ["", " ", "-", "any"])
def test_to_ask_for_nothing_is_to_ask_for_whatever_there_is(asked: str) -> None:
    assert class_of(asked) == ANY
    assert has("cpu", class_of(asked))

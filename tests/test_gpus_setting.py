"""The setting `gpus`: from a file, from the environment, and what is wrong with it."""

from pathlib import Path

import pytest

from foretell import config

CARD = {"name": "NVIDIA L4", "memory_mb": 24_000}


def test_gpus_are_declared_in_a_file_and_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "foretell.toml"
    file.write_text('gpus = [{ name = "NVIDIA L4", memory_mb = 24000 }]')
    assert config.load({}, file=file).gpus == [CARD]
    assert config.load({"FORETELL_GPUS": '[{"name": "NVIDIA L4", "memory_mb": 24000}]'}).gpus == [CARD]
    assert config.load({}).gpus == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("NVIDIA L4", "FORETELL_GPUS must be a list, not 'NVIDIA L4'"),
        ('{"name": "x"}', "FORETELL_GPUS must be a list"),
        ('["L4"]', "gpus must be tables with a name and memory_mb above 0, not 'L4'"),
        ('[{"name": "L4", "memory_mb": 0}]', "gpus must be tables with a name and memory_mb above 0"),
        ('[{"name": "L4"}]', "gpus must be tables with a name and memory_mb above 0"),
    ],
)
def test_what_is_no_list_of_gpus_is_refused_with_the_reason(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"gpus|GPUS") as caught:
        config.load({"FORETELL_GPUS": text})
    assert problem in str(caught.value)

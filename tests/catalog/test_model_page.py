"""The page about model.toml says every key that there is, and none that there is not."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from foretell.catalog.manifests import TABLES
from foretell.model import Example, Manifest, Weight
from foretell.pricing import Pricing

PAGE = (Path(__file__).parents[2] / "docs/models/model-toml.md").read_text()
TABLES_OF_THE_FILE = {"weights": Weight, "examples": Example, "pricing": Pricing, **TABLES}
NOT_KEYS = {"folder", "notes", *TABLES_OF_THE_FILE}


def documented(section: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_the_page_has_every_key_of_the_file_itself() -> None:
    top = PAGE.partition("\n## ")[0]
    assert documented(top) == {each.name for each in fields(Manifest)} - NOT_KEYS


@pytest.mark.parametrize("table", TABLES_OF_THE_FILE)
def test_the_page_has_every_key_of_each_table(table: str) -> None:
    (section,) = re.findall(rf"^## \[+{table}\]+\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert documented(section) == {each.name for each in fields(TABLES_OF_THE_FILE[table])}

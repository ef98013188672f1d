"""The pages that say what works name tests that exist."""

import re
from pathlib import Path

import pytest

from contract import javascript

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs/compatibility.md", Path(__file__).with_name("README.md")]


def written() -> set[str]:
    """The names of all tests: functions in Python, sentences in JavaScript."""
    sources = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    functions = {name for source in sources for name in re.findall(r"def (test_\w+)", source)}
    return functions | {name for _, name in javascript.tests()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_row_that_says_it_works_names_tests_that_exist(page: Path) -> None:
    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    named = [(row, re.findall(r"`(test_\w+)`|\"([^\"]+)\"", row[-1])) for row in rows if "---" not in row[0]]
    names = {python or sentence for _, found in named for python, sentence in found}
    assert len(names) > 40
    assert names <= written()
    silent = [row[0] for row, found in named if not found and not row[1].startswith("no: ") and row[1] != "|"]
    assert [each for each in silent if each.strip("| ") not in {"Call", "What", "#"}] == []

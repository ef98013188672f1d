"""The docs are complete and true: settings, commands, links, and what the README tells people to type."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from foretell.cli.commands import app
from foretell.config import Config

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?)$", re.MULTILINE)


def commands(group: object, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command of the command line, as the words that call it."""
    found = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        words = (*prefix, name)
        found += commands(command, words) if hasattr(command, "commands") else [words]
    return found


COMMANDS = commands(typer.main.get_command(app))


def page(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("setting", fields(Config), ids=lambda each: each.name)
def test_every_setting_is_documented_with_its_default_and_its_sentence(setting) -> None:  # type: ignore[no-untyped-def]
    text = (ROOT / "docs/configuration.md").read_text()
    (row,) = [line for line in text.splitlines() if line.startswith(f"| `{setting.name}` |")]
    default = "" if setting.default is MISSING else str(setting.default)
    assert (default.lower() if isinstance(setting.default, bool) else default or "(empty)") in row
    assert setting.metadata["sentence"] in row


def test_no_setting_is_documented_that_does_not_exist() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert documented == {each.name for each in fields(Config)}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_documented_and_explains_itself(words: tuple[str, ...]) -> None:
    text = (ROOT / "docs/commands.md").read_text()
    assert f"## foretell {' '.join(words)}\n" in text
    answer = CliRunner().invoke(app, [*words, "--help"])
    assert answer.exit_code == 0
    assert "Usage: foretell" in answer.stdout


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_links_resolve(path: Path) -> None:
    broken = []
    for target in LINK.findall(path.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        other = (path.parent / file).resolve() if file else path
        if not other.exists() or (anchor and anchor not in anchors(other)):
            broken.append(target)
    assert broken == []


def anchors(path: Path) -> set[str]:
    headings = HEADING.findall(path.read_text())
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_commands_that_a_page_tells_to_type_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in typed_lines(path):
        words = line.removeprefix(".venv/bin/").split()
        if words[0] == "make":
            assert words[1] in targets, line
        if words[0] == "foretell":
            assert any(tuple(words[1 : 1 + len(each)]) == each for each in COMMANDS), line


def typed_lines(path: Path) -> list[str]:
    lines = [line for block in BLOCK.findall(path.read_text()) for line in block.splitlines()]
    inner = re.findall(r"`((?:foretell|make) [a-z][^`]*)`", path.read_text())
    return [line.strip() for line in [*lines, *inner] if line.strip()]


def test_every_runtime_dependency_has_a_page_that_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    names = {re.split(r"[\[>=]", each)[0] for each in re.findall(r'"([^"]+)"', block[1])}
    pages = {path.stem for path in (ROOT / "docs/decisions").glob("*.md")}
    assert names <= pages


def test_every_test_that_proves_a_guarantee_exists() -> None:
    text = (ROOT / "docs/guarantees.md").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert named
    assert {each for each in named if f"def {each}(" not in sources} == set()
    assert {each for each in re.findall(r"`(tests/[^`]+)`", text) if not (ROOT / each).exists()} == set()

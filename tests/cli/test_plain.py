"""The short way to a server's start says what the long way says, and leaves everything else to that."""

from pathlib import Path

import pytest
import typer

from foretell.cli.commands import app
from foretell.cli.plain import OPTIONS, Plain, plain
from servers import foretell

COMMANDS = typer.main.get_group(app).commands


@pytest.mark.parametrize("command", OPTIONS)
def test_it_knows_the_options_of_the_command_and_no_others(command: str) -> None:
    assert set(OPTIONS[command]) == {each.name for each in COMMANDS[command].params}
    assert all(each.opts == [f"--{each.name}"] for each in COMMANDS[command].params)


def test_options_are_read_with_a_space_and_with_an_equals_sign() -> None:
    words = ["serve", "--port", "0", "--key=sk=1", "--sandbox", "--config", "a.toml", "--models", "./own/"]
    chosen = {"port": 0, "key": "sk=1", "sandbox": True, "models": "own"}
    assert plain(words) == Plain("serve", Path("a.toml"), chosen)


def test_a_command_alone_is_plain() -> None:
    assert plain(["node"]) == Plain("node", None, {})


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--version"],
        ["run", "truefusion"],
        ["serve", "--help"],
        ["serve", "now"],
        ["serve", "--unknown", "1"],
        ["serve", "--port"],
        ["serve", "--port", "many"],
        ["serve", "--port", "-1"],
        ["serve", "--port", "1", "--port", "2"],
        ["serve", "--data", "--sandbox"],
        ["serve", "--data="],
        ["serve", "--sandbox=yes"],
        ["serve", "-port", "1"],
        ["node", "--port", "1"],
    ],
    ids=" ".join,
)
def test_everything_else_is_left_to_what_tells_of_mistakes(words: list[str]) -> None:
    assert plain(words) is None


def test_a_mistake_is_told_as_for_every_other_command(tmp_path: Path) -> None:
    found = foretell("serve", "--port", "many", data=tmp_path)
    assert found.returncode == 2
    assert "Invalid value for '--port'" in found.stderr

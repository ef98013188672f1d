"""The steps of an addition on the terminal: a line for each, and a bar while it goes on."""

from typing import Any, Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from foretell.cli.printing import notes
from foretell.cli.saying import harmless

MARKS = {"succeeded": ("✓", "green"), "failed": ("✗", "bold red"), "canceled": ("–", "yellow")}
WORDS_CHARACTERS_MAX = 90


class Steps:
    """What was shown stays; the step that goes on has a bar below it, where the terminal can show one."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._ended: set[str] = set()
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
        )
        self._progress = Progress(
            *columns, console=notes, transient=True, disable=quiet or not notes.is_terminal
        )
        self._bar: TaskID = self._progress.add_task("", total=None)
        self._shown = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, steps: list[dict[str, Any]]) -> None:
        """Shows what is new."""
        for step in steps:
            if step["state"] == "running":
                self._show_running(step)
            elif step["began_at"] not in self._ended:
                self._ended.add(step["began_at"])
                self._show_ended(step)

    def _show_running(self, step: dict[str, Any]) -> None:
        words = harmless(f"{step['name']:<12} {step['says']}")[:WORDS_CHARACTERS_MAX]
        if step["name"] != self._shown:
            self._shown = step["name"]
            self._progress.reset(self._bar)
        self._progress.update(
            self._bar,
            description=words,
            completed=step["progress"] or 0,
            total=None if step["progress"] is None else 100,
        )

    def _show_ended(self, step: dict[str, Any]) -> None:
        if self._quiet:
            return
        mark, style = MARKS[step["state"]]
        notes.print(Text.assemble((mark, style), f" {step['name']:<12} {harmless(step['says'])}".rstrip()))

"""What commands print: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from foretell.cli.saying import harmless

# No markup: square brackets in what models and callers say are theirs.
console = Console(soft_wrap=True, highlight=False, markup=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
"""For what is not the answer itself: progress, hints, warnings."""


def labelled(label: str, text: str, *, style: str = "bold red") -> Text:
    """A sentence behind a word that stands out."""
    return Text.assemble((label, style), " ", harmless(text))


def print_json(value: Any, *, flush: bool = False) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=flush)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "Nothing here yet."
) -> None:
    """A line for each row, never cut: on a narrow terminal lines wrap, in a pipe they stay whole."""
    cells = [[_cell(each) for each in row] for row in rows]
    if not cells:
        notes.print(empty)
        return
    cells.insert(0, [Text(each, "bold") for each in columns])
    widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
    for row in cells:
        padded = [
            Text.assemble(each, " " * (width - len(each))) for each, width in zip(row, widths, strict=True)
        ]
        line = Text("  ").join(padded)
        line.rstrip()
        console.print(line)


def _cell(value: Any) -> Text:
    return value if isinstance(value, Text) else Text("" if value is None else harmless(str(value)))

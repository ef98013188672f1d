"""What commands print: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

# No markup: square brackets in what models and callers say are theirs.
console = Console(soft_wrap=True, highlight=False, markup=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
"""For what is not the answer itself: progress, hints, warnings."""


def labelled(label: str, text: str, *, style: str = "bold red") -> Text:
    """A sentence behind a word that stands out."""
    return Text.assemble((label, style), " ", text)


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "Nothing here yet."
) -> None:
    cells = [[_cell(each) for each in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(columns):
        # The first column names the row, and is of no use in part.
        whole = max((len(row[0]) for row in cells), default=0) if number == 0 else None
        table.add_column(name, no_wrap=True, min_width=whole)
    for row in cells:
        table.add_row(*row)
    if table.row_count == 0:
        notes.print(empty)
        return
    console.print(table, soft_wrap=False) if console.is_terminal else _plain(columns, table)


def _cell(value: Any) -> Text:
    return value if isinstance(value, Text) else Text("" if value is None else str(value))


def _plain(columns: Sequence[str], table: Table) -> None:
    # Not cut to a terminal's width: what reads this is a pipe.
    cells = [[str(cell) for cell in column.cells] for column in table.columns]
    widths = [max(len(name), *map(len, column)) for name, column in zip(columns, cells, strict=True)]
    for row in [columns, *zip(*cells, strict=True)]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

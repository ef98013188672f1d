"""What commands print: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, soft_wrap=True, highlight=False)
"""For what is not the answer itself: progress, hints, warnings."""


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "Nothing here yet."
) -> None:
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if each is None else str(each) for each in row))
    if table.row_count == 0:
        notes.print(empty)
        return
    console.print(table, soft_wrap=False) if console.is_terminal else _plain(columns, table)


def _plain(columns: Sequence[str], table: Table) -> None:
    # Not cut to a terminal's width: what reads this is a pipe.
    cells = [[str(cell) for cell in column.cells] for column in table.columns]
    widths = [max(len(name), *map(len, column)) for name, column in zip(columns, cells, strict=True)]
    for row in [columns, *zip(*cells, strict=True)]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

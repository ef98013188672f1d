"""What an operator is told of a model beyond what callers are: examples, versions, what is not done for it."""

import json
import shlex
from typing import Any

from foretell.cli.printing import console, labelled, notes, print_table

UNITS = ("B", "kB", "MB", "GB", "TB")


def show_registered(registered: dict[str, Any]) -> None:
    """Prints a model's examples, as commands, and its versions."""
    for each in registered["examples"]:
        given = " ".join(f"-i {name}={_argument(value)}" for name, value in each["input"].items())
        console.print(labelled("\nExample:", each["title"], style="bold"))
        console.print(labelled("", f"  foretell run {registered['namespace']} {given}", style=""))
    if registered["versions"]:
        console.print()
        print_table(
            ["VERSION", "ADDED", "LAST CURRENT", "SIZE", ""],
            [
                [
                    each["id"],
                    each["created_at"][:19],
                    (each["current_at"] or "")[:19],
                    size(each["size_bytes"]),
                    "current" if each["is_current"] else "",
                ]
                for each in registered["versions"]
            ],
        )
    for note in (
        *registered["notes"],
        *([registered["offline_reason"]] if registered["offline_reason"] else []),
    ):
        notes.print(labelled("Note:", note, style="yellow"))


def size(size_bytes: float) -> str:
    """A size in words: `3.4 MB`."""
    number = 0
    while size_bytes >= 1000 and number < len(UNITS) - 1:
        size_bytes /= 1000
        number += 1
    return (
        f"{size_bytes:.1f} {UNITS[number]}"
        if number > 1
        else f"{round(max(size_bytes, number))} {UNITS[number]}"
    )


def _argument(value: Any) -> str:
    """A value as the shell takes it."""
    if isinstance(value, str):
        return f'"{value}"' if value.isprintable() and not set('"$`\\!') & set(value) else shlex.quote(value)
    return shlex.quote(json.dumps(value, ensure_ascii=False))

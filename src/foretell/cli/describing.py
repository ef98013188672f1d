"""What an operator is told of a model beyond what callers are: examples, versions, what is not done for it."""

import json
import shlex
from typing import Any

from foretell.cli.printing import console, labelled, notes, print_table
from foretell.cli.saying import harmless

UNITS = ("B", "kB", "MB", "GB", "TB")


def show_registered(registered: dict[str, Any]) -> None:
    """Prints a model's examples, as commands, and its versions."""
    for each in registered["examples"]:
        title = f"Example: {each['title']}" if each["title"] else "Example"
        console.print(f"\n{harmless(title)}")
        console.print(harmless(f"  {command(registered['namespace'], each)}"))
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


def command(model: str, example: dict[str, Any]) -> str:
    """An example as what is typed to run it."""
    given = (f"-i {name}={_argument(value)}" for name, value in example["input"].items())
    return " ".join(["foretell run", model, *given])


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

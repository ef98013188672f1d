"""What a server says when it starts and stops, and what any command says of a problem."""

import os
import re
import sys

_COMMANDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def say(text: str, *, label: str = "", style: str = "bold red", aside: bool = False) -> None:
    """Prints a text, behind a word that stands out; `aside`: to standard error, for it is not the answer itself."""
    stream = sys.stderr if aside else sys.stdout
    if stream.isatty() or os.environ.get("FORCE_COLOR"):
        _say_in_colour(text, label=label, style=style, aside=aside)
        return
    print(f"{label} {harmless(text)}" if label else text, file=stream, flush=True)


def harmless(text: str) -> str:
    """The text of a stranger without what would command the terminal: colours, moves, titles."""
    return _COMMANDING.sub("\ufffd", text.replace("\r\n", "\n"))


def _say_in_colour(text: str, *, label: str, style: str, aside: bool) -> None:
    # Only here: a server that writes to a file or a journal does without what draws on terminals.
    from foretell.cli.printing import console, labelled, notes

    (notes if aside else console).print(labelled(label, text, style=style) if label else text)

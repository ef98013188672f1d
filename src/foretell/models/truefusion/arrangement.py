"""Several things in one picture: which ones a prompt names, and where each goes."""

from __future__ import annotations

import re

THINGS_MAX = 6
JOINTS = re.compile(r"\s*(?:,\s*and|\band|\bnext to|\bbeside|&|\+)\s+", re.IGNORECASE)
# Names of one thing that have an "and" in them.
WHOLE = re.compile(
    r"(fork and knife|bow and arrow|couch and lamp|skull and crossbones|nut and bolt|star and crescent"
    r"|hammer and (?:pick|wrench)|(?:lightning|black) and (?:rain|white))",
    re.IGNORECASE,
)
BARE_COLOUR = re.compile(
    r"(?:a |the )?(?:red|orange|yellow|green|blue|purple|pink|black|brown|white|gr[ae]y)", re.IGNORECASE
)


def things(prompt: str) -> list[str]:
    """The things that a prompt joins by "and"; the prompt as it is if it names one, or too many."""
    kept = WHOLE.sub(lambda match: match[0].replace(" ", "\0"), prompt)
    *listed, last = JOINTS.split(kept)
    # "A sun, a tree and a house" lists three; commas after the last "and" belong to its thing.
    parts = [part for several in listed for part in several.split(",")] + [last]
    parts = [part.replace("\0", " ").strip(" ,") for part in parts if part.strip(" ,")]
    if not 1 < len(parts) <= THINGS_MAX or any(BARE_COLOUR.fullmatch(part) for part in parts):
        return [prompt]
    return parts


def places(count: int, width: int, height: int) -> list[tuple[int, int, int]]:
    """Left, top and side of `count` squares in a picture of that size, as large as can be."""
    columns = max(range(1, count + 1), key=lambda columns: side_of(count, columns, width, height))
    rows = -(-count // columns)
    side = side_of(count, columns, width, height)
    found = []
    for number in range(count):
        row, column = divmod(number, columns)
        in_row = min(columns, count - row * columns)
        left = (width - in_row * side) // 2 + column * side
        found.append((left, (height - rows * side) // 2 + row * side, side))
    return found


def side_of(count: int, columns: int, width: int, height: int) -> int:
    return max(1, min(width // columns, height // -(-count // columns)))

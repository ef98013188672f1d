"""A text in the pieces that are judged one by one: its sentences, long ones cut and very short ones joined."""

import re

PIECE_CHARACTERS_MIN = 25
PIECE_CHARACTERS_MAX = 400
_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\s*\n\s*")


def pieces(text: str) -> list[str]:
    """In order, each of 25 to 400 characters; the last may be shorter. Cut where words end, if they do."""
    found = []
    waiting = ""
    for sentence in _END.split(text):
        waiting = f"{waiting} {sentence}".strip()
        if len(waiting) >= PIECE_CHARACTERS_MIN:
            found += _cut(waiting)
            waiting = ""
    return [*found, waiting] if waiting else found


def _cut(sentence: str) -> list[str]:
    cut = []
    while len(sentence) > PIECE_CHARACTERS_MAX:
        end = sentence.rfind(" ", 1, PIECE_CHARACTERS_MAX)
        end = end if end > 0 else PIECE_CHARACTERS_MAX
        cut.append(sentence[:end])
        sentence = sentence[end:].strip()
    return [*cut, sentence]

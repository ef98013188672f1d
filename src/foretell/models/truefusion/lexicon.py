"""What of a prompt the model was taught: the name of a thing, and its colour. Other words would only disturb it."""

from __future__ import annotations

import re
from pathlib import Path

TAUGHT_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black")
OTHER_COLOURS = {
    "golden": "yellow",
    "gold": "yellow",
    "violet": "purple",
    "lilac": "purple",
    "crimson": "red",
    "scarlet": "red",
    "turquoise": "blue",
}
COLOURS = {colour: colour for colour in TAUGHT_COLOURS} | OTHER_COLOURS
WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?")


class Lexicon:
    """The words that the model was trained on, one a line in a file: a name, or "other word: name"."""

    def __init__(self, file: Path) -> None:
        lines = [line.partition(": ") for line in file.read_text(encoding="utf-8").splitlines()]
        self._names = {tuple(words(word)): name or word for word, _, name in lines}
        self._longest = max(map(len, self._names))

    def understood(self, prompt: str) -> str:
        """The first known thing of the prompt with its colour; the prompt itself where nothing is known."""
        return self._known(prompt) or prompt

    def avoided(self, negative_prompt: str) -> str:
        """What is understood of it, or its last colour: to avoid what is not known would only add noise."""
        return self._known(negative_prompt) or coloured("", words(negative_prompt)).strip()

    def _known(self, prompt: str) -> str | None:
        found = words(prompt)
        for start in range(len(found)):
            for end in range(min(len(found), start + self._longest), start, -1):
                name = self._name(found[start:end])
                if name:
                    return coloured(name, found[:start])
        return None

    def _name(self, several: list[str]) -> str | None:
        """The name that the words are, the last of them perhaps in the plural."""
        *before, last = several
        for ending in ("", "s", "es"):
            if last.endswith(ending) and (name := self._names.get((*before, last.removesuffix(ending)))):
                return name
        return None


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def coloured(name: str, before: list[str]) -> str:
    """The name in the last colour that was named before it, if there is one."""
    colours = [COLOURS[word] for word in before if word in COLOURS]
    if not colours:
        return name
    return " ".join([colours[-1], *(word for word in name.split() if word not in COLOURS)])

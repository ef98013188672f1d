"""Reads the sentences that the moderation head learns from and is measured by."""

import itertools
import random
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CATEGORIES = ("hate", "self_harm", "sexual", "violence", "jailbreak")
PER_LINE_MAX = {True: 60, False: 28}
"""How many sentences are made of a line that is harmless, and of one that is not."""

_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<([A-Z]+)>")
_SECTION = re.compile(r"\[([a-z_ ]*)\]")
_DEFINITION = re.compile(r"([A-Z]+) = (.+)")


@dataclass(frozen=True)
class Sentence:
    text: str
    labels: frozenset[str]
    line: int  # all that one line was spread out to is held out together
    section: int  # which of its file's sections it stands in


def training() -> list[Sentence]:
    """Every line of sentences/, spread out to some dozens of sentences, always the same ones."""
    found = []
    numbers = itertools.count()
    for file in sorted((HERE / "sentences").glob("*.txt")):
        for labels, line, section in _lines(file):
            number = next(numbers)
            found += [Sentence(text, labels, number, section) for text in _spread(line, PER_LINE_MAX[not labels])]
    return found


def held_out(name: str) -> list[Sentence]:
    return [
        Sentence(line, labels, number, section)
        for number, (labels, line, section) in enumerate(_lines(HERE / "held_out" / f"{name}.txt"))
    ]


def _lines(file: Path) -> list[tuple[frozenset[str], str, int]]:
    found, slots, labels, section = [], {}, None, 0
    for line in file.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if match := _SECTION.fullmatch(line):
            labels, section = frozenset(match[1].split()), section + 1
            assert labels <= set(CATEGORIES), line
        elif match := _DEFINITION.fullmatch(line):
            slots[match[1]] = match[2]
        else:
            found.append((labels, _SLOT.sub(lambda slot: "{" + slots[slot[1]] + "}", line), section))
    return found


def _spread(line: str, count: int) -> list[str]:
    chance = random.Random(line)
    found = {_one(line, chance) for _ in range(3 * count)}
    return sorted(found, key=lambda text: chance.random())[:count]


def _one(line: str, chance: random.Random) -> str:
    while _CHOICE.search(line):
        line = _CHOICE.sub(lambda choice: chance.choice(choice[1].split("|")), line)
    line = re.sub(r"\s+", " ", line).strip()
    line = re.sub(r" ([.,?])", r"\1", line)
    return line[0].upper() + line[1:]

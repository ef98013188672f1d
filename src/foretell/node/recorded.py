"""What a model counts and notes of its run: bounded, for it is a stranger's."""

import math
from typing import Any

import msgspec

from foretell.node.frames import Metric

NUMBERS_MAX = 100
NOTES_MAX = 100
NAME_CHARACTERS_MAX = 64
NOTES_BYTES_MAX = 64 * 1024


class Recorded:
    """`numbers` become the prediction's metrics; `notes` are its words, flags, lists and objects."""

    def __init__(self) -> None:
        self.numbers: dict[str, float] = {}
        self.notes: dict[str, Any] = {}
        self._bytes = 0

    def take(self, said: Metric) -> None:
        """What is too much, and what cannot be added up, is dropped. None takes back what had that name."""
        name = said.name[:NAME_CHARACTERS_MAX]
        if said.value is None:
            self.numbers.pop(name, None)
            self.notes.pop(name, None)
        elif said.mode == "append":
            before = self.notes.get(name, [])
            self._note(name, [*before, said.value] if isinstance(before, list) else [said.value], said.value)
        elif _is_number(said.value):
            self._count(name, said)
        elif said.mode != "add":
            self._note(name, said.value, said.value)

    def _count(self, name: str, said: Metric) -> None:
        if name in self.numbers or len(self.numbers) < NUMBERS_MAX:
            before = self.numbers.get(name, 0) if said.mode == "add" else 0
            self.numbers[name] = before + said.value
            self.notes.pop(name, None)

    def _note(self, name: str, value: Any, new: Any) -> None:
        size = len(msgspec.json.encode(new))
        if self._bytes + size > NOTES_BYTES_MAX or (name not in self.notes and len(self.notes) >= NOTES_MAX):
            return
        # Also what is replaced later counts: a model that notes and notes is held to it.
        self._bytes += size
        self.notes[name] = value
        self.numbers.pop(name, None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

"""Tokens as text: whole letters alone, what is thought and what is called apart, and nothing after a stop."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any, Optional

HALF_A_LETTER = "\ufffd"
THINKING, THOUGHT = "<think>", "</think>"
CALLING, CALLED = "<tool_call>", "</tool_call>"
_FUNCTION = re.compile(r"\s*<function=([^>]+)>(.*?)(?:</function>)?\s*", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>]+)>\n?(.*?)\n?</parameter>", re.DOTALL)

Said = tuple[str, str]
"""`content`, `reasoning_content` or `call`, and the text of it."""


class Letters:
    """Numbers of tokens in, the text that they add out, as soon as it is certain."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._numbers: list[int] = []
        self._before = (
            0  # from here on tokens are read together, since one can change how the next is written
        )
        self._read = 0

    def add(self, number: int) -> str:
        self._numbers.append(number)
        known = self._text(self._numbers[self._before : self._read])
        text = self._text(self._numbers[self._before :])
        if len(text) <= len(known) or text.endswith(HALF_A_LETTER):
            return ""
        self._before, self._read = self._read, len(self._numbers)
        return text[len(known) :]

    def end(self) -> str:
        """What was held back as half a letter."""
        known = self._text(self._numbers[self._before : self._read])
        return self._text(self._numbers[self._before :])[len(known) :]

    def _text(self, numbers: list[int]) -> str:
        return self._tokenizer.decode(numbers, skip_special_tokens=True, clean_up_tokenization_spaces=False)


class Voices:
    """A text's parts: what is said, what is thought, what is called."""

    def __init__(self, *, is_thinking: bool, may_call: bool) -> None:
        self._marks = {THINKING: "reasoning_content", THOUGHT: "content"}
        if may_call:
            self._marks |= {CALLING: "call", CALLED: "content"}
        self._voice = "reasoning_content" if is_thinking else "content"
        # Some models call with bare JSON, which is known to be none only at its end.
        self._is_bare: Optional[bool] = None if may_call else False
        self._held = ""
        self._is_after_mark = False  # empty lines there belong to the mark

    def add(self, text: str) -> Iterator[Said]:
        self._held += text
        if self._may_be_bare():
            return
        while (found := self._mark()) is not None:
            before, mark, self._held = self._held.partition(found)
            yield from self._say(before)
            self._voice = self._marks[mark]
            self._is_after_mark = self._voice == "content"
        if self._voice != "call":
            ready = len(self._held) - begun(self._held, list(self._marks))
            text, self._held = self._held[:ready], self._held[ready:]
            yield from self._say(text)

    def end(self) -> Iterator[Said]:
        if self._is_bare and calls_in(self._held):
            self._voice = "call"
        yield from self._say(self._held)

    def _mark(self) -> Optional[str]:
        places = {mark: self._held.find(mark) for mark in self._marks if mark in self._held}
        return min(places, key=lambda mark: places[mark]) if places else None

    def _may_be_bare(self) -> bool:
        if self._is_bare is None and self._voice == "content" and self._held.strip():
            self._is_bare = self._held.lstrip()[0] in "[{"
        return bool(self._is_bare)

    def _say(self, text: str) -> Iterator[Said]:
        if self._is_after_mark:
            text = text.lstrip("\n")
            self._is_after_mark = not text
        if text and (text.strip() or self._voice != "call"):
            yield self._voice, text


class Stops:
    """Ends a text before any of some strings."""

    def __init__(self, stops: list[str]) -> None:
        self._stops = [each for each in stops if each]
        self._held = ""
        self.is_reached = False

    def add(self, text: str) -> str:
        self._held += text
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        self.is_reached = bool(places)
        ready = min(places) if places else len(self._held) - begun(self._held, self._stops)
        text, self._held = self._held[:ready], "" if places else self._held[ready:]
        return text

    def end(self) -> str:
        return self._held


def begun(text: str, marks: list[str]) -> int:
    """How many letters at the end of `text` may be the beginning of one of `marks`."""
    longest = max(map(len, marks), default=0)
    for size in range(min(longest - 1, len(text)), 0, -1):
        if any(mark.startswith(text[-size:]) for mark in marks):
            return size
    return 0


def calls_in(text: str) -> list[dict[str, Any]]:
    """The calls of functions that a model wrote, in OpenAI's form; [] where the text is none."""
    if match := _FUNCTION.fullmatch(text):
        return [_call(match[1].strip(), dict(_PARAMETER.findall(match[2])))]
    try:
        found = json.loads(text)
    except ValueError:
        return []
    calls = found if isinstance(found, list) else [found]
    if not calls or not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in calls):
        return []
    return [_call(each["name"], each.get("arguments", each.get("parameters")) or {}) for each in calls]


def _call(name: str, arguments: Any) -> dict[str, Any]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    function = {"name": name, "arguments": written}
    return {"id": f"call_{uuid.uuid4().hex}", "type": "function", "function": function}

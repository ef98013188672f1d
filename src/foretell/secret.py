"""What a caller trusts a model with, such as a key: sealed where it is stored, hidden where it would show."""

import base64
from collections.abc import Callable, Collection, Mapping
from typing import Any

from foretell.errors import Code, Error
from foretell.schema import HIDDEN
from foretell.seal import Seal

MARK = "sealed:"
"""How what is stored in a secret's place begins."""
CHARACTERS_MIN = 4
"""A shorter secret is not looked for in what a model says: it would be found in half of the words."""


def sealed(values: dict[str, Any], names: Collection[str], seal: Seal) -> dict[str, Any]:
    """An input as it is stored: of the inputs of these names, each text sealed."""
    return _with(values, names, lambda text: MARK + base64.b64encode(seal.seal(text.encode())).decode())


def opened(values: dict[str, Any], names: Collection[str], seal: Seal) -> dict[str, Any]:
    """The input again; what was stored before inputs were sealed is as it was.

    Error(UNAVAILABLE) where it was sealed under another server's secret.
    """

    def open_text(text: str) -> str:
        if not text.startswith(MARK):
            return text
        try:
            return seal.open(base64.b64decode(text.removeprefix(MARK), validate=True)).decode()
        except ValueError as error:
            raise Error(Code.UNAVAILABLE, "A stored secret was altered.") from error

    return _with(values, names, open_text)


class Curtain:
    """Hides the secrets of one run in what is said in pieces; one that is cut in two is found all the same."""

    def __init__(self, values: Mapping[str, Any], names: Collection[str]) -> None:
        found: list[str] = []
        _with(
            {name: values[name] for name in names if name in values}, names, lambda text: _kept(text, found)
        )
        # The longest first: one may be a part of another.
        self._secrets = sorted({each for each in found if len(each) >= CHARACTERS_MIN}, key=len, reverse=True)
        self._held: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def whole(self, text: str) -> str:
        """A text that nothing follows, without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def piece(self, source: str, text: str) -> str:
        """What may be shown of what this source has said so far: an end that may begin a secret is held back."""
        text = self.whole(self._held.pop(source, "") + text)
        held = max((_overlap(text, secret) for secret in self._secrets), default=0)
        if held:
            self._held[source] = text[-held:]
        return text[: len(text) - held]

    def rest(self) -> dict[str, str]:
        """By source, what was held back, now that no more follows."""
        held, self._held = self._held, {}
        return held


def _with(values: dict[str, Any], names: Collection[str], change: Callable[[str], str]) -> dict[str, Any]:
    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        return [changed(each) for each in value] if isinstance(value, list) else value

    found = {name: changed(values[name]) for name in names if name in values}
    return values | found if found else values


def _kept(text: str, found: list[str]) -> str:
    found += [text, text.strip()]
    return text


def _overlap(text: str, secret: str) -> int:
    """How many characters at the end of the text are those that the secret begins with, but not all of it."""
    longest = min(len(text), len(secret) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(secret[:size])), 0)

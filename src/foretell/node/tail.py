"""The end of a text that may be long."""

KEPT_CHARACTERS = 16 * 1024


class Tail:
    """Keeps the last `KEPT_CHARACTERS` of what is added."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, text: str) -> None:
        self._text = (self._text + text)[-KEPT_CHARACTERS:]

    def text(self) -> str:
        return self._text

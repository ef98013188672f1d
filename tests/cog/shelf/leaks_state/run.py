"""Remembers what it should not: its runs share one process, as Cog's do."""

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.seen: list[str] = []

    def run(self, word: str) -> str:
        self.seen.append(word)
        return " ".join(self.seen)

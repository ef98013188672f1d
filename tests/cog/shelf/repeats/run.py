"""Gives back what it got, as often as it is told."""

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str, times: int = 1) -> str:
        return text * times

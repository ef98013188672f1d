"""Reads and writes by names that begin in the working directory, as it does under Cog."""

from pathlib import Path as PlainPath

from beside import shouted
from cog import BaseRunner, Path

WORDS = PlainPath("words/list.txt").read_text().split()


class Runner(BaseRunner):
    def run(self) -> list[Path]:
        PlainPath("made.txt").write_text(shouted(WORDS[0]))
        return [Path("made.txt"), Path("words/list.txt")]

"""Yields some, then raises."""

from typing import Iterator

from cog import BaseRunner, streaming


class Runner(BaseRunner):
    @streaming()
    def run(self, good: int) -> Iterator[str]:
        for number in range(good):
            yield f"piece {number} "
        raise RuntimeError("the pieces ran out")

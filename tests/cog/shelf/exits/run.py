"""Calls sys.exit in the middle of a run."""

import sys

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, code: int) -> str:
        if code:
            sys.exit(code)
        return "still here"

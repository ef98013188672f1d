"""Waits, several at once, until it is canceled."""

import asyncio

from cog import BaseRunner


class Runner(BaseRunner):
    async def run(self, word: str) -> str:
        print(f"begun {word}", flush=True)
        try:
            await asyncio.sleep(1000 if word == "wait" else 0)
        except asyncio.CancelledError:
            print("canceled", flush=True)
            raise
        return word

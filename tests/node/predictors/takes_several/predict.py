"""Takes several runs at once, each of which says how many there were with it."""

import asyncio

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    async def setup(self) -> None:
        self.here = 0

    async def predict(
        self,
        name: str = Input(default=""),
        seconds: float = Input(default=0.2),
        stubborn: bool = Input(default=False),
    ) -> str:
        self.here += 1
        print("enter", name)
        try:
            await self.stay(seconds, stubborn)
            return f"{name} {self.here}"
        finally:
            self.here -= 1

    async def stay(self, seconds: float, stubborn: bool) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                if not stubborn:
                    raise

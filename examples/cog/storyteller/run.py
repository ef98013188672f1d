import asyncio
import os

from cog import AsyncConcatenateIterator, BaseRunner, Input, concurrent, current_scope, streaming


class Runner(BaseRunner):
    async def setup(self) -> None:
        self.end = os.environ.get("STORY_END", "The end.")

    @streaming
    @concurrent(max=4)
    async def run(
        self,
        hero: str = Input(description="Of whom the story tells.", default="a fox"),
        places: int = Input(description="How far they go.", default=3, ge=1, le=20),
    ) -> AsyncConcatenateIterator[str]:
        yield f"Once there was {hero}. "
        for number in range(1, places + 1):
            await asyncio.sleep(0)
            current_scope().record_metric("places_seen", 1, mode="incr")
            yield f"On day {number} they crossed a hill. "
        yield self.end

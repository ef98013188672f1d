"""BentoML: one worker."""

import asyncio
import time
from collections.abc import AsyncGenerator

import bentoml


@bentoml.service(workers=1, traffic={"timeout": 60, "max_concurrency": 10_000})
class Echo:
    @bentoml.api
    async def predict(self, prompt: str) -> dict[str, str]:
        return {"output": prompt}

    @bentoml.api
    async def stream(self, count: int, pause: float = 0.0) -> AsyncGenerator[str, None]:
        for _ in range(count):
            if pause:
                await asyncio.sleep(pause)
            yield f"data: piece {time.monotonic():.6f} \n\n" if pause else "data: piece \n\n"

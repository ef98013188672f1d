"""BentoML: one worker."""

from collections.abc import AsyncGenerator

import bentoml


@bentoml.service(workers=1, traffic={"timeout": 60, "max_concurrency": 10_000})
class Echo:
    @bentoml.api
    async def predict(self, prompt: str) -> dict[str, str]:
        return {"output": prompt}

    @bentoml.api
    async def stream(self, count: int) -> AsyncGenerator[str, None]:
        for _ in range(count):
            yield "data: piece \n\n"

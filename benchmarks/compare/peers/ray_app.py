"""Ray Serve as it is shipped: a proxy and one replica."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator

import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import StreamingResponse


@serve.deployment(num_replicas=1, max_ongoing_requests=10_000)
class Echo:
    async def __call__(self, request: Request) -> dict[str, str] | StreamingResponse:
        wish = await request.json()
        if "count" in wish:
            return StreamingResponse(
                pieces(wish["count"], wish.get("pause", 0.0)), media_type="text/event-stream"
            )
        return {"output": wish["prompt"]}


async def pieces(count: int, pause: float) -> AsyncIterator[str]:
    for _ in range(count):
        if pause:
            await asyncio.sleep(pause)
        yield f"data: piece {time.monotonic():.6f} \n\n" if pause else "data: piece \n\n"


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Echo.bind(), route_prefix="/")
    while True:
        time.sleep(3_600)

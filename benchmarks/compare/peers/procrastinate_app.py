"""procrastinate on the Postgres of `QUEUE_DATABASE`.

`fill COUNT PROMPT` queues that many jobs, `work CONCURRENCY` works them off.
"""

import asyncio
import os
import sys

import procrastinate

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=os.environ["QUEUE_DATABASE"]))
AT_ONCE = 1_000


@app.task(name="echo")
async def echo(prompt: str) -> str:
    return prompt


async def fill(count: int, prompt: str) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for _ in range(0, count, AT_ONCE):
            await echo.batch_defer_async(*({"prompt": prompt} for _ in range(AT_ONCE)))


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        asyncio.run(fill(int(sys.argv[2]), sys.argv[3]))
    else:
        app.run_worker(concurrency=int(sys.argv[2]))

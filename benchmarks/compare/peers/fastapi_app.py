"""A bare function behind FastAPI, in the process that answers: no worker, no queue, nothing stored."""

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI()


class Prompt(BaseModel):
    prompt: str


class Wish(BaseModel):
    count: int
    pause: float = 0.0


@app.get("/health")
def health() -> str:
    return "ok"


@app.post("/predict")
async def predict(wish: Prompt) -> dict[str, str]:
    return {"output": wish.prompt}


@app.post("/stream")
async def stream(wish: Wish) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        for _ in range(wish.count):
            if wish.pause:
                await asyncio.sleep(wish.pause)
            yield f"data: piece {time.monotonic():.6f} \n\n" if wish.pause else "data: piece \n\n"

    return StreamingResponse(pieces(), media_type="text/event-stream")

"""Seats: how many callers may be held at once."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from foretell.api.exchanges import Exchange, exchange_of
from foretell.errors import Code, Error

RETRY_AFTER_SECONDS = 5


class Seats:
    """Room for callers who wait for a prediction's end or follow its stream."""

    def __init__(self, seats_max: int) -> None:
        self.seats_max = seats_max
        self.taken = 0

    def one(self) -> AbstractContextManager[object]:
        """A seat for as long as the block lasts. Entering raises Error(OVERLOADED) when none is free."""
        return self

    def __enter__(self) -> None:
        if self.taken >= self.seats_max:
            raise Error(
                Code.OVERLOADED,
                "Too many callers are waiting already. Try again shortly, or create without waiting.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        self.taken += 1

    def __exit__(self, *why: object) -> None:
        self.taken -= 1


class HeldStream(StreamingResponse):
    """An answer in pieces that keeps what `held` holds, such as a seat, until it has ended."""

    def __init__(self, held: ExitStack, pieces: AsyncIterator[bytes], *, headers: Mapping[str, str]) -> None:
        super().__init__(pieces, headers=headers)
        self._held = held
        self._exchange: Exchange | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._exchange = exchange_of(scope)
        with self._held:
            # A group of tasks would begin it a turn of the event loop later.
            await _until_left(self.stream_response(send), receive)

    async def stream_response(self, send: Send) -> None:
        """Each piece past the steps that none but the head and the end need."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self.body_iterator:
            data = piece.encode() if isinstance(piece, str) else bytes(piece)
            if data and (self._exchange is None or not self._exchange.piece(data)):
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(streaming: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Runs it, at once, to its end or until the caller has hung up."""
    task = asyncio.current_task()
    assert task is not None
    listening = asyncio.create_task(_end_when_left(task, receive))
    try:
        await streaming
    except asyncio.CancelledError:
        # Where the server ends it as well, that counts.
        if not listening.done() or task.uncancel() > 0:
            raise
    finally:
        listening.cancel()


async def _end_when_left(task: asyncio.Task[Any], receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    # In the same step in which this is done: so it ends nothing that comes after the stream.
    task.cancel()

"""Streaming: an answer in pieces, whose head waits until there is something to say or to refuse."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Generic, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from foretell.api.requests import services
from foretell.errors import Code, Error

HEAD_SECONDS = 10.0
"""How long the head is held back: an error before it is an HTTP error, one after it is a part of the stream."""

HEADERS = {"content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no"}
HEARTBEAT = b": ping\n\n"
_Said = TypeVar("_Said")
_log = logging.getLogger("foretell.api")


async def streamed(
    request: Request, pieces: AsyncGenerator[bytes], in_band: Callable[[Error], bytes]
) -> StreamingResponse:
    """The answer made of `pieces`, with a comment wherever none comes for a while.

    Raises what `pieces` raise before the first of them; a later Error is said by `in_band`, and ends the
    answer. `pieces` are closed when the answer has ended or its reader has gone.
    """
    heartbeat_seconds = services(request).heartbeat_seconds
    waiting = _Waiting(pieces)
    try:
        first = await _piece(waiting, min(HEAD_SECONDS, heartbeat_seconds))
    except BaseException:
        await waiting.close()
        raise
    return _Answer(waiting, _told(waiting, first, in_band, heartbeat_seconds))


async def together(streams: Sequence[AsyncGenerator[_Said]]) -> AsyncGenerator[tuple[int, _Said]]:
    """What all of them say, as it comes, each with the number of who said it. An error of one ends all."""
    async with AsyncExitStack() as held:
        waiting = {number: _Waiting(each) for number, each in enumerate(streams)}
        for each in waiting.values():
            held.push_async_callback(each.close)
        while waiting:
            for number, said in await _next_of(waiting):
                yield number, said


async def _next_of(waiting: dict[int, "_Waiting[_Said]"]) -> list[tuple[int, _Said]]:
    """What is said next, by one or several; whoever has ended is waited for no more."""
    await asyncio.wait([each.turn for each in waiting.values()], return_when=asyncio.FIRST_COMPLETED)
    found = []
    for number, each in tuple(waiting.items()):
        if not each.turn.done():
            continue
        said = each.take()
        if said is None:
            await waiting.pop(number).close()
        else:
            found.append((number, said))
    return found


class _Waiting(Generic[_Said]):
    """What is said, one after another, to be waited for as often as need be without losing any of it."""

    def __init__(self, said: AsyncGenerator[_Said]) -> None:
        self._said = said
        self._turn: asyncio.Task[_Said | None] | None = None

    @property
    def turn(self) -> asyncio.Task[_Said | None]:
        """The task at whose end the next is there."""
        if self._turn is None:
            # A task of its own: when its listener's is canceled, what is behind is still let go in peace.
            self._turn = asyncio.create_task(self._one())
        return self._turn

    def take(self) -> _Said | None:
        """What came at the end of the turn; None when there is no more."""
        turn, self._turn = self.turn, None
        return turn.result()

    async def close(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.wait({self._turn})
        await self._said.aclose()

    async def _one(self) -> _Said | None:
        return await anext(self._said, None)


async def _piece(waiting: _Waiting[bytes], timeout_seconds: float) -> bytes | None:
    """The next piece; nothing when the time is up; None at the end."""
    done, _ = await asyncio.wait({waiting.turn}, timeout=timeout_seconds)
    return waiting.take() if done else b""


class _Answer(StreamingResponse):
    """A stream that lets go of what it is made from, however it ends."""

    def __init__(self, waiting: _Waiting[bytes], pieces: AsyncIterator[bytes]) -> None:
        super().__init__(pieces, headers=HEADERS)
        self._waiting = waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._waiting.close()


async def _told(
    waiting: _Waiting[bytes], first: bytes | None, in_band: Callable[[Error], bytes], heartbeat_seconds: float
) -> AsyncIterator[bytes]:
    piece = first
    while piece is not None:
        yield piece or HEARTBEAT
        try:
            piece = await _piece(waiting, heartbeat_seconds)
        except ClientDisconnect:
            return
        except Error as error:
            yield in_band(error)
            return
        except Exception:  # noqa: BLE001 an edge: the head is sent, so that this is how the caller hears of it
            _log.exception("a stream crashed after its head was sent")
            yield in_band(
                Error(Code.INTERNAL, "Something went wrong in the server; its log has the details.")
            )
            return

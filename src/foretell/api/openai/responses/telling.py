"""Telling: a response as a stream, as it is made or from where its reader left it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.creating import create
from foretell.api.openai.asking import asked, said_of
from foretell.api.openai.streaming import streamed
from foretell.api.requests import edge
from foretell.api.wish import Wish
from foretell.dialects.openai.responses import Telling
from foretell.prediction import Prediction


async def stream_new(request: Request, wish: Wish) -> Response:
    """The events of a new response, which is canceled when its reader leaves."""
    telling = Telling()
    return await streamed(request, _new(request, wish, telling), telling.refuse)


async def stream_background(request: Request, wish: Wish) -> Response:
    """The events of a new response that goes on without its reader."""
    telling = Telling()
    return await streamed(request, _new_background(request, wish, telling), telling.refuse)


async def stream_again(request: Request, prediction: Prediction, starting_after: int) -> Response:
    """The events of a response behind the one of this number.

    Raises Error(CONFLICT) when the response was begun anew since then.
    """
    telling = Telling(starting_after)
    return await streamed(request, _again(request, prediction, telling), telling.refuse)


async def _new(request: Request, wish: Wish, telling: Telling) -> AsyncGenerator[bytes]:
    async with asked(request, [wish]) as [prediction], aclosing(_told(request, prediction, telling)) as told:
        async for piece in told:
            yield piece


async def _new_background(request: Request, wish: Wish, telling: Telling) -> AsyncGenerator[bytes]:
    with edge(request).seats.one():
        prediction = await create(request, wish)
        async with aclosing(_told(request, prediction, telling)) as told:
            async for piece in told:
                yield piece


async def _again(request: Request, prediction: Prediction, telling: Telling) -> AsyncGenerator[bytes]:
    with edge(request).seats.one():
        async with aclosing(_told(request, prediction, telling)) as told:
            async for piece in told:
                yield piece


async def _told(request: Request, prediction: Prediction, telling: Telling) -> AsyncGenerator[bytes]:
    if piece := telling.begin(prediction):
        yield piece
    async with aclosing(said_of(request, prediction)) as said:
        async for each in said:
            if piece := telling.end(each) if isinstance(each, Prediction) else telling.hear(each):
                yield piece

"""Writes that are tried again for as long as the store is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from foretell.errors import Code, Error

RETRY_SECONDS = 1.0
"""How long to wait before a write is tried again that the store could not take."""

log = logging.getLogger(__name__)
Written = TypeVar("Written")


async def written(prediction_id: str, write: Callable[[], Awaitable[Written]]) -> Written:
    """The answer of `write`, asked for until the store takes it; only being canceled ends that."""
    while True:
        try:
            return await write()
        except Error as error:
            if error.code is not Code.UNAVAILABLE:
                raise
            log.warning("prediction %s waits for the store: %s", prediction_id, error.message)
            await asyncio.sleep(RETRY_SECONDS)

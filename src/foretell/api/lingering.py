"""Lingering: what a caller still sends when the answer is out is taken and thrown away, so that the answer arrives.

Some clients, Python's standard library among them, read nothing before they have sent all. If the connection ended
in the middle of that, they would see a broken pipe instead of the refusal.
"""

import asyncio
import contextlib

from starlette.types import Message, Receive, Scope, Send

from foretell.api.exchanges import exchange_of
from foretell.api.heads import Heads, heads_of

LINGERING_SECONDS_MAX = 10.0
LINGERING_BYTES_MAX = 256 * 1024**2
SMALL_BYTES = 64 * 1024
"""A body of this size is out of the caller's hands, in the system's buffers, before anybody could answer."""


def lingering(scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """`receive` and `send` of a request whose body may be left unread."""
    if not may_be_left(heads_of(scope)):
        return receive, send
    exchange = exchange_of(scope)
    if exchange is not None:
        exchange.receive_by_pieces()
    has_ended = False

    async def watched() -> Message:
        nonlocal has_ended
        message = await receive()
        has_ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def rest() -> None:
        taken = 0
        while not has_ended and taken < LINGERING_BYTES_MAX:
            taken += len((await watched()).get("body", b""))

    async def patient(message: Message) -> None:
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if has_ended or not is_last:
            await send(message)
            return
        await send({**message, "more_body": True})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(rest(), LINGERING_SECONDS_MAX)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return watched, patient


def may_be_left(heads: Heads) -> bool:
    """Whether the body is so large that its caller may still be sending; one who asks first sends nothing."""
    if "expect" in heads:
        return False
    told = heads.get("content-length", "")
    return "transfer-encoding" in heads or (told.isdigit() and int(told) > SMALL_BYTES)

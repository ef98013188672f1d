"""Exchanges: a request that has come whole and its answer that is sent whole, past the steps that streams need."""

from collections.abc import Sequence
from typing import Protocol

from starlette.types import Scope

EXCHANGE = "foretell.exchange"
"""Where a server that can do so puts it in the scope."""


class Exchange(Protocol):
    """One request and its answer on one connection."""

    @property
    def is_over(self) -> bool:
        """Whether the caller has hung up, or is hung up on."""
        ...

    def body(self) -> bytes | None:
        """The request's body, once, if all of it is there; None: it is received piece by piece."""
        ...

    def receive_by_pieces(self) -> None:
        """From now on the body is only received piece by piece."""
        ...

    def piece(self, data: bytes) -> bool:
        """Sends more of an answer that was begun without it, at once; False: it is to be sent as it was begun."""
        ...

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Sends the whole answer; `headers` say how long it is, in lower case."""
        ...


def exchange_of(scope: Scope) -> Exchange | None:
    """None where the server has no such thing."""
    found: Exchange | None = scope.get(EXCHANGE)
    return found

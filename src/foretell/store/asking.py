"""How the facade's quieter half asks: what is seldom written goes in one by one, with the deed that it is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from foretell.audit import Deed
from foretell.store import audit
from foretell.store.database import Connection, Transaction
from foretell.store.reads import Readers
from foretell.store.writer import Verb, Writer

Given = ParamSpec("Given")
Found = TypeVar("Found")


def _each(transaction: Transaction, asked: Sequence[Callable[[Transaction], Any]]) -> list[Any]:
    return [each(transaction) for each in asked]


COLD = Verb(_each, rank=30)
PASSING = Verb(_each, rank=31, lasting=False)


class Asking:
    """Who writes and who reads."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers
        self._deed: Deed | None = None

    def by(self, deed: Deed) -> Self:
        """The same store for one write, with which the deed is written down: both last, or neither."""
        found = copy.copy(self)
        found._deed = deed
        return found

    async def _do(
        self,
        write: Callable[Concatenate[Transaction, Given], Found],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Found:
        deed = self._deed

        def done(transaction: Transaction) -> Found:
            found = write(transaction, *given, **named)
            if deed is not None:
                audit.write(transaction, deed)
            return found

        answer: Found = await self._writer.submit(COLD, done)
        return answer

    async def _pass(
        self,
        write: Callable[Concatenate[Transaction, Given], Found],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Found:
        answer: Found = await self._writer.submit(
            PASSING, lambda transaction: write(transaction, *given, **named)
        )
        return answer

    async def _ask(
        self,
        question: Callable[Concatenate[Connection, Given], Found],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Found:
        return await self._readers.ask(lambda connection: question(connection, *given, **named))

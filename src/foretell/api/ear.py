"""The ear of a stream: what is said about a prediction, and that its row has moved, in one place."""

from __future__ import annotations

import asyncio
from types import TracebackType

from foretell.event import Event
from foretell.prediction import Prediction
from foretell.store import Store


class Ear:
    """Hears one prediction from `with` on.

    `must_look` says that what is heard is not the whole truth: the row moved elsewhere, or events were lost. What a
    slow reader leaves is kept up to a bound; beyond it events are lost here, and the table has them.
    """

    def __init__(self, store: Store, prediction_id: str, made: Prediction | None = None) -> None:
        """`made`: the row as it was created just now, to be run by this process. Nothing of it can have been missed."""
        self._store = store
        self._prediction_id = prediction_id
        self._moves = store.moves(prediction_id, self._moved)
        self._live = store.follow(prediction_id, self._wake)
        self._has_heard = False
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._row = made
        self.must_look = made is None

    def __enter__(self) -> Ear:
        # Both listen before the first look, so that nothing falls between.
        self._moves.__enter__()
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._live.__exit__(kind, error, trace)
        self._moves.__exit__(kind, error, trace)

    @property
    def has_news(self) -> bool:
        """Whether there is something to take or to look at."""
        return self._has_heard or self._row is not None or self.must_look

    async def wait(self, timeout_seconds: float) -> bool:
        """Whether anything was heard before the time was up, which may have begun with an earlier wait."""
        if not self.has_news:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            if self._timer is None:
                # One that is set and taken back for each piece costs more than one that comes too soon.
                self._timer = loop.call_later(timeout_seconds, self._time_is_up)
            await self._waiter
        return self.has_news

    def row(self) -> Prediction | None:
        """The row if it has moved since it was last asked for, and nobody has to look to know how.

        It is whole if it has ended, and without its body else.
        """
        row, self._row = self._row, None
        return None if self.must_look else row

    def take(self) -> list[Event]:
        """What was said since the last take, in order."""
        events = self._live.take()
        self._has_heard = False
        if self._live.lagged:
            self._live.__exit__(None, None, None)
            self._live = self._store.follow(self._prediction_id, self._wake).__enter__()
            self.must_look = True
        return events

    def _moved(self, row: Prediction | None) -> None:
        if row is None:
            self.must_look = True
        self._row = row
        self._wake()

    def _wake(self) -> None:
        self._has_heard = True
        self._let_go()

    def _time_is_up(self) -> None:
        self._timer = None
        self._let_go()

    def _let_go(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def is_all_heard(prediction: Prediction, *, is_told: bool, is_live: bool) -> bool:
    """Whether who hears this row's events in their order has heard all: the table need not be asked for more.

    `is_told`: this process has moved the row. `is_live`: it has said something that was heard.
    """
    return (is_told and is_live) if prediction.status.is_terminal else (is_told or is_live)

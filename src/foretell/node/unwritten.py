"""Predictions that run before they are written, because somebody waits for an end that is a moment away."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from foretell.errors import Code, Error
from foretell.node.outcome import tell_ended
from foretell.node.quick import QuickRun
from foretell.prediction import NewPrediction, Outcome, Prediction
from foretell.store import Store
from foretell.store.landings import Landing
from foretell.store.rows import encoded

_log = logging.getLogger(__name__)


class Unwritten:
    """One of them, which is a quick run. It is the place, too, in which it is created when it was none.

    `go_on` is given the run when it was created, `abandon` when it could not be.
    """

    is_running = True
    has_begun = False

    def __init__(
        self,
        new: NewPrediction,
        run: QuickRun,
        store: Store,
        *,
        go_on: Callable[[QuickRun], object],
        abandon: Callable[[QuickRun], object],
    ) -> None:
        self.node = run.hold.node
        self.written: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
        """What was written: with its end, or without."""
        self._new = new
        self._run = run
        self._store = store
        self._go_on = go_on
        self._abandon = abandon
        self.asked_seconds = time.monotonic()
        self.is_creating = False

    def land(self, outcome: Outcome) -> None:
        """Writes it with its end."""

        def landed(result: Prediction | Exception) -> None:
            if not isinstance(result, Exception):
                # Neither holds the other any more: what is in a circle has to be looked for.
                self._run.unwritten = None
                tell_ended(result, outcome)
            elif not isinstance(result, Error) or result.code is not Code.UNAVAILABLE:
                _log.error("the end of prediction %s cannot be written", self._run.id, exc_info=result)
                self.create()
                return
            self._settle(result)

        with suppress(Error):  # which `landed` is told, too
            self._store.land(self._landing(outcome), landed)

    def create(self) -> None:
        """Writes it as one that runs: its end has not come, or is of a kind that takes more than a write."""
        if self.is_creating:
            return
        self.is_creating = True
        try:
            creating = self._store.creating(self._new, place=self)
        except Error as error:
            self._settle(error)
        else:
            creating.add_done_callback(lambda _: self._settle(creating.exception()))

    def start(self, prediction: Prediction) -> None:
        self._run.prediction, self._run.unwritten = prediction, None
        # Before its end can be written, so that who waits does not miss it.
        self._settle(prediction)
        self._go_on(self._run)

    def give_up(self) -> None:
        self._abandon(self._run)

    def run(self, new: NewPrediction, *, may_land: bool) -> None:
        """It does already."""

    def _landing(self, outcome: Outcome) -> Landing:
        now_seconds = time.monotonic()
        return Landing(
            prediction=self._run.prediction,
            input=encoded(self._new.input),
            input_hash=self._new.input_hash,
            outcome=outcome,
            asked_seconds=now_seconds - self.asked_seconds,
            ran_seconds=now_seconds - (self._run.began_seconds or now_seconds),
        )

    def _settle(self, result: Prediction | BaseException | None) -> None:
        if self.written.done() or result is None:
            return
        if isinstance(result, BaseException):
            self.written.set_exception(result)
        else:
            self.written.set_result(result)

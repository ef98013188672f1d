"""The runs of a synchronous predictor: one after the other, in the thread that set it up."""

from __future__ import annotations

import inspect
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Optional, Union

from . import health, scope
from .batch import Batch
from .gate import CancelationException, Gate
from .hearing import Hearing
from .link import Frame
from .meter import Meter
from .outbox import Outbox
from .predictor import Loaded, UnusablePredictor
from .run import Run

Outcome = tuple[Any, Optional[BaseException]]

BRISK_SECONDS = 0.0002
"""After a run that took longer, its end does not wait for that of the next."""


class Runs:
    """Made in the predictor's thread. `run`, `cancel` and `repeat_cancels` are called by whoever hears the node."""

    capacity = 1

    def __init__(self, loaded: Loaded, outbox: Outbox, hearing: Hearing) -> None:
        self._loaded = loaded
        self._outbox = outbox
        self._hearing = hearing
        self._gate = Gate()
        self._meter = Meter()
        self._asked: deque[Union[Run, Batch]] = deque()
        self._waiting: dict[str, Union[Run, Batch]] = {}
        self._members: dict[str, Run] = {}
        self._batches: dict[str, Batch] = {}
        self._lock = threading.Lock()
        outbox.gate = self._gate

    def live(self, on_ready: Callable[[], None]) -> None:
        """Sets the predictor up, says so, and runs what comes, for ever. Raises what setup raises."""
        _set_up(self._loaded)
        health.require(self._loaded.healthcheck)
        on_ready()
        while True:
            self._one(self._next())

    def run(self, frame: Frame) -> None:
        """Takes a run, a run that is to be a member of a batch, or a batch of those."""
        if frame["type"] == "batch":
            self._run_together(frame)
            return
        run = Run(frame, self._outbox, self._loaded.item)
        if frame["type"] == "member":
            self._members[run.id] = run
        else:
            self._ask(run)

    def cancel(self, run_id: str) -> None:
        """A run that waits is gone at once; one that is on is asked to stop; any other is no matter.

        A batch is asked to stop when all of its members are.
        """
        with self._lock:
            waited = self._waiting.pop(run_id, None)
            if run_id in self._batches:
                self._cancel_member(run_id)
                return
        if waited is not None:
            self._outbox.put({"type": "canceled", "id": run_id})
        else:
            self._gate.cancel(run_id)

    def repeat_cancels(self) -> bool:
        """Whether a run is to end and has not."""
        self._gate.repeat()
        return self._gate.is_canceling

    def _ask(self, run: Union[Run, Batch]) -> None:
        self._waiting[run.id] = run
        self._asked.append(run)

    def _run_together(self, frame: Frame) -> None:
        found = [self._members.pop(each, None) for each in frame["members"]]
        batch = Batch(frame["id"], [each for each in found if each is not None])
        if batch.members:
            self._batches.update({each.id: batch for each in batch.members})
            self._ask(batch)

    def _cancel_member(self, run_id: str) -> None:
        batch = self._batches[run_id]
        batch.cancel(run_id)
        if batch.is_canceled:
            self._gate.cancel(batch.id)

    def _next(self) -> Union[Run, Batch]:
        while True:
            if self._asked:
                self._hearing.glance()
            else:
                self._outbox.send()
                self._hearing.wait(self._asked)
            run = self._asked.popleft()
            # In one breath: a cancel finds the run either waiting or in the gate.
            with self._lock:
                if self._waiting.pop(run.id, None) is not None:
                    self._enter(run)
                    return run

    def _enter(self, run: Union[Run, Batch]) -> None:
        self._gate.enter(run.id)
        if isinstance(run, Batch) and run.is_canceled:
            self._gate.cancel(run.id)

    def _one(self, run: Union[Run, Batch]) -> None:
        result: Any = None
        error: Optional[BaseException] = None
        begun_seconds = time.monotonic()
        try:
            result, error = self._attempt(run)
            if self._outbox.is_silent:
                # A forked process has come back from the predictor. The next run is not its own.
                os._exit(0)
            run.cancel_wanted = self._gate.leave()
        except CancelationException as late:
            # It landed when the predictor had ended, but before the gate was closed.
            error, run.cancel_wanted = late, self._gate.leave()
        scope.leave(run.scope)
        self._outbox.hold(run.ending(self._meter, result, error))
        if self._hearing.is_held_up or time.monotonic() - begun_seconds > BRISK_SECONDS:
            self._outbox.send()
        if isinstance(run, Batch):
            for member in run.members:
                self._batches.pop(member.id, None)
        if error is not None and self._loaded.healthcheck is not None:
            # Whoever it failed for is told before the process may end.
            self._outbox.flush(health.FLUSH_SECONDS)
            health.require(self._loaded.healthcheck)

    def _attempt(self, run: Union[Run, Batch]) -> Outcome:
        try:
            self._gate.open()
            scope.enter(run.scope)
            run.begin(self._meter)
            return (self._outcomes(run) if isinstance(run, Batch) else self._outcome(run)), None
        except BaseException as error:  # noqa: BLE001 - what the author's code raises ends only its run
            return None, error

    def _outcomes(self, batch: Batch) -> Any:
        if self._loaded.run_together is None:
            raise UnusablePredictor("the predictor has no predict_batch()")
        given = [self._loaded.parameters.arguments(each.input) for each in batch.members]
        return batch.result(self._loaded.run_together(given))

    def _outcome(self, run: Run) -> Optional[Frame]:
        produced = self._loaded.run(**self._loaded.parameters.arguments(run.input))
        if not self._loaded.yields:
            return run.result(produced)
        give_all(run, produced)
        return None


def give_all(run: Run, produced: Any) -> None:
    """Sends what an iterator yields, and closes it however that ends."""
    iterator = iter(produced)
    try:
        for item in iterator:
            run.give(item)
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


def _set_up(loaded: Loaded) -> None:
    if loaded.setup is None:
        return
    waiting = loaded.setup(**loaded.setup_arguments())
    if inspect.iscoroutine(waiting):
        import asyncio

        asyncio.run(waiting)

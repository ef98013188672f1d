"""The predictions that this node holds."""

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from typing import Any

from foretell.errors import Code, Error
from foretell.model import Version
from foretell.node.early import EarlyRun, EarlyRuns, abandoned, frame_of, is_plain
from foretell.node.fleet import Fleet
from foretell.node.folder import Folder
from foretell.node.frames import Done, Log, Metric
from foretell.node.outcome import Measured, failed, internal, setup_failed, succeeded, tell_ended
from foretell.node.patience import written
from foretell.node.quick import QuickRun
from foretell.node.recorded import Recorded
from foretell.node.replica import Replica
from foretell.node.run import Run
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import LoadFailed
from foretell.node.unwritten import Unwritten
from foretell.node.voice import Voice
from foretell.prediction import Hold, NewPrediction, Outcome, Prediction
from foretell.store.predictions import Finish
from foretell.store.rows import created

log = logging.getLogger(__name__)


class Runs:
    """Each runs in a task of its own, from being taken to being over."""

    def __init__(self, surroundings: Surroundings, folder: Folder, fleet: Fleet) -> None:
        self._surroundings = surroundings
        self._folder = folder
        self._fleet = fleet
        self._runs: dict[Hold, Run | QuickRun] = {}
        self.early = EarlyRuns(surroundings, folder, self._is_created)

    @property
    def holds(self) -> set[Hold]:
        """Those that are written."""
        runs = self._runs.items()
        return {hold for hold, run in runs if not (isinstance(run, QuickRun) and run.unwritten is not None)}

    def start(self, prediction: Prediction, replica: Replica) -> None:
        """Runs a prediction that was just taken."""
        replica.assigned.add(prediction.id)
        if not self._start_quickly(prediction, replica):
            self._go_on(Run(prediction, replica, self._surroundings, self._folder, self._fleet))

    def plain(self, new: NewPrediction, replica: Replica, node: str) -> Prediction | None:
        """The prediction that it will be; None where more is to be done than to run it."""
        prediction = created(new, at=self._surroundings.clock(), node=node)
        return prediction if is_plain(prediction, replica, self._surroundings.config) else None

    def run_first(
        self, new: NewPrediction, prediction: Prediction, replica: Replica
    ) -> "asyncio.Future[Prediction] | None":
        """Runs a prediction before it is written, for its model is one that answers in a moment.

        What was written, then; None where it is to be written first.
        """
        run = QuickRun(prediction, replica, self._heard, self._slow_down)
        run.unwritten = unwritten = Unwritten(
            new,
            run,
            self._surroundings.store,
            go_on=self._is_written,
            abandon=self._abandon,
        )
        return unwritten.written if self._enter(run) else None

    async def refuse(self, prediction: Prediction, version: Version, failure: LoadFailed) -> None:
        """Fails a prediction that was just taken, without a run."""
        if prediction.hold is None:
            return
        measured = Measured(prediction, version, self._surroundings.hardware)
        outcome = failed(measured, setup_failed(failure), at=self._surroundings.clock())
        await self._surroundings.store.finish(prediction.hold, outcome)

    def keep_only(self, held: Collection[Hold], among: Collection[Hold]) -> None:
        """Those of `among` that are not `held` any more are stopped."""
        for hold in set(among) - set(held):
            if hold in self._runs:
                self._lose(self._runs[hold])

    def lose_all(self) -> None:
        """This node can no longer know what it holds."""
        for run in tuple(self._runs.values()):
            self._lose(run)

    async def stop(self, grace_seconds: float) -> None:
        """Lets runs end within the grace, and sends the rest back to the queue without a loss."""
        await self._all_written()
        waiting = [run for run in self._slow() if not run.has_begun]
        await asyncio.gather(*(run.give_back() for run in waiting), return_exceptions=True)
        await self._over_within(grace_seconds)
        await asyncio.gather(*(run.give_back() for run in self._slow()), return_exceptions=True)
        config = self._surroundings.config
        await self._over_within(config.stop_cooperative_seconds + config.stop_terminate_seconds + 1.0)

    def _start_quickly(self, prediction: Prediction, replica: Replica) -> bool:
        """Sends it to the child at once, where its model is one that answers in a moment."""
        # What yields is never a quick run. It is sent one only to have it when another ends.
        is_alone = replica.version.streaming and len(replica.assigned) == 1
        is_plain_one = is_plain(prediction, replica, self._surroundings.config)
        if is_alone or not replica.ahead.pace.is_quick or not is_plain_one:
            return False
        return self._enter(QuickRun(prediction, replica, self._heard, self._slow_down))

    def _enter(self, run: QuickRun) -> bool:
        if not run.replica.ahead.enter(run, frame_of(run.prediction, self._folder)):
            return False
        self._runs[run.hold] = run
        return True

    def _heard(self, run: QuickRun) -> None:
        """What has come of a quick run: its answer, or that it is another kind of run."""
        if run.unwritten is not None and run.unwritten.is_creating:
            return
        if run.channel.has_ended:
            self._slow_down(run)
            return
        # Whatever it says, it says because the child is at it.
        run.begin()
        newest = run.channel.said[-1]
        if isinstance(newest, Log | Metric):
            return
        run.channel.on_change = None
        run.replica.hear_all()
        found = run.answer()
        if found is None:
            self._slow_down(run)
        else:
            self._answered(run, *found)

    def _answered(self, run: QuickRun, said: Sequence[Log | Metric], done: Done) -> None:
        ended_seconds = time.monotonic()
        replica, prediction = run.replica, run.prediction
        replica.ahead.leave(run.id)
        replica.observe(done)
        replica.wear.ran(done.run_seconds)
        replica.leave(run.id)
        recorded = self._recorded(run, said)
        measured = Measured(
            prediction,
            replica.version,
            replica.hardware,
            began_seconds=run.began_seconds,
            ended_seconds=ended_seconds,
            used=done,
            own=recorded.numbers,
            metadata={"recorded": recorded.notes} if recorded.notes else {},
            gpu_memory_mb=replica.wear.gpu_memory_peak_mb,
            waits=replica.waits_of(prediction),
        )
        outcome = succeeded(measured, done.value, [], at=self._surroundings.clock())
        if run.unwritten is None:
            self._end(run, measured, outcome)
        else:
            self._runs.pop(run.hold, None)
            run.unwritten.land(outcome)

    def _recorded(self, run: QuickRun, said: Sequence[Log | Metric]) -> Recorded:
        """The figures that it recorded; what it printed goes where it is kept."""
        recorded = Recorded()
        voice = Voice(run.hold, self._surroundings) if said else None
        for each in said:
            if isinstance(each, Metric):
                recorded.take(each)
            elif voice is not None:
                voice.log("stderr" if each.source == "stderr" else "stdout", each.text)
        return recorded

    def _end(self, run: QuickRun, measured: Measured, outcome: Outcome) -> None:
        try:
            written = self._finish(run, outcome)
        except Error:
            self._end_later(run, outcome)
            return
        run.task = written
        written.add_done_callback(lambda _: self._written(run, measured, outcome, written))

    def _finish(self, run: QuickRun, outcome: Outcome) -> "asyncio.Future[Prediction | None]":
        ran_seconds = time.monotonic() - (run.began_seconds or 0.0)
        return self._surroundings.store.finishing(
            Finish(run.hold, outcome, prediction=run.prediction, ran_seconds=ran_seconds)
        )

    def _written(
        self,
        run: QuickRun,
        measured: Measured,
        outcome: Outcome,
        written: "asyncio.Future[Prediction | None]",
    ) -> None:
        trouble = written.exception()
        if trouble is None:
            if written.result() is not None:
                tell_ended(run.prediction, outcome)
            self._over(run, written)
        elif isinstance(trouble, Error) and trouble.code is Code.UNAVAILABLE:
            self._end_later(run, outcome)
        else:
            log.error("the end of prediction %s cannot be written", run.id, exc_info=trouble)
            self._end_later(run, failed(measured, internal(), at=self._surroundings.clock()))

    def _end_later(self, run: QuickRun, outcome: Outcome) -> None:
        """Writes it once the store takes it."""

        async def end() -> None:
            if await written(run.id, lambda: self._finish(run, outcome)) is not None:
                tell_ended(run.prediction, outcome)

        run.task = asyncio.create_task(end())
        run.task.add_done_callback(lambda task: self._over(run, task))

    def _slow_down(self, run: QuickRun) -> Run | None:
        """It goes on as any other run does; None where it does so already, or ends."""
        run.channel.on_change = None
        if run.task is not None:
            return None
        if run.unwritten is not None:
            run.unwritten.create()
            return None
        slow = Run(run.prediction, run.replica, self._surroundings, self._folder, self._fleet, run)
        run.task = slow.task
        return self._go_on(slow)

    def _is_created(self, run: EarlyRun, prediction: Prediction) -> None:
        self._go_on(Run(prediction, run.replica, self._surroundings, self._folder, self._fleet, run))

    def _is_written(self, run: QuickRun) -> None:
        """From now on it is like those that were written first: what came of it meanwhile is taken as it is."""
        if run.channel.on_change is None:
            self._slow_down(run)
        elif run.channel.said or run.channel.has_ended:
            self._heard(run)

    def _abandon(self, run: QuickRun) -> None:
        """Stops what could not be written: nobody will ask for its end."""
        run.task = asyncio.create_task(abandoned(run, self._surroundings.config))
        run.task.add_done_callback(lambda task: self._over(run, task))

    def _slow(self) -> list[Run]:
        """All of them that are not ending, each in a task of its own."""
        found = [
            self._slow_down(each) if isinstance(each, QuickRun) else each for each in self._runs.values()
        ]
        return [each for each in found if each is not None]

    def _lose(self, run: Run | QuickRun) -> None:
        if isinstance(run, Run):
            run.lose()
        elif (slow := self._slow_down(run)) is not None:
            # Once it has begun to live: what is canceled before that cannot clean up after itself.
            asyncio.get_running_loop().call_soon(slow.lose)

    def _go_on(self, run: Run) -> Run:
        self._runs[run.hold] = run
        run.task.add_done_callback(lambda task: self._over(run, task))
        return run

    async def _all_written(self) -> None:
        quick = [each for each in self._runs.values() if isinstance(each, QuickRun)]
        unwritten = [each.unwritten for each in quick if each.unwritten is not None]
        for each in unwritten:
            each.create()
        await asyncio.gather(*(each.written for each in unwritten), return_exceptions=True)
        await self.early.all_written()

    async def _over_within(self, seconds: float) -> None:
        tasks = {run.task for run in self._runs.values() if run.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def _over(self, run: Run | QuickRun, task: "asyncio.Future[Any]") -> None:
        self._runs.pop(run.hold, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("the run of %s broke", run.id, exc_info=task.exception())

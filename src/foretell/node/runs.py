"""The predictions that this node holds."""

import asyncio
import logging
from collections.abc import Collection

from foretell.model import Version
from foretell.node.fleet import Fleet
from foretell.node.folder import Folder
from foretell.node.outcome import Measured, failed, setup_failed
from foretell.node.replica import Replica
from foretell.node.run import Run
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import LoadFailed
from foretell.prediction import Hold, Prediction

log = logging.getLogger(__name__)


class Runs:
    """Each runs in a task of its own, from being taken to being over."""

    def __init__(self, surroundings: Surroundings, folder: Folder, fleet: Fleet) -> None:
        self._surroundings = surroundings
        self._folder = folder
        self._fleet = fleet
        self._runs: dict[Hold, Run] = {}

    @property
    def holds(self) -> set[Hold]:
        return set(self._runs)

    def start(self, prediction: Prediction, replica: Replica) -> None:
        """Runs a prediction that was just taken."""
        run = Run(prediction, replica, self._surroundings, self._folder, self._fleet)
        self._runs[run.hold] = run
        run.task.add_done_callback(lambda task: self._over(run, task))

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
                self._runs[hold].lose()

    def lose_all(self) -> None:
        """This node can no longer know what it holds."""
        for run in tuple(self._runs.values()):
            run.lose()

    async def stop(self, grace_seconds: float) -> None:
        """Lets runs end within the grace, and sends the rest back to the queue without a loss."""
        waiting = [run for run in self._runs.values() if not run.has_begun]
        await asyncio.gather(*(run.give_back() for run in waiting), return_exceptions=True)
        await self._over_within(grace_seconds)
        await asyncio.gather(*(run.give_back() for run in self._runs.values()), return_exceptions=True)
        config = self._surroundings.config
        await self._over_within(config.stop_cooperative_seconds + config.stop_terminate_seconds + 1.0)

    async def _over_within(self, seconds: float) -> None:
        tasks = {run.task for run in self._runs.values()}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def _over(self, run: Run, task: asyncio.Task[None]) -> None:
        self._runs.pop(run.hold, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("the run of %s broke", run.id, exc_info=task.exception())

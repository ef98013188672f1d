"""A place in a replica that is kept for a prediction while it is being written."""

import asyncio

from foretell.node.replica import Replica
from foretell.node.runs import Runs
from foretell.prediction import NewPrediction, Prediction


class Reserved:
    """One place, taken from the moment it is made. `is_waited_for`: others wait for such a one."""

    is_running = False
    has_begun = False

    def __init__(
        self, node: str, prediction_id: str, replica: Replica, runs: Runs, *, is_waited_for: bool
    ) -> None:
        self.node = node
        self._id = prediction_id
        self._replica = replica
        self._runs = runs
        self._is_waited_for = is_waited_for
        replica.assigned.add(prediction_id)

    def start(self, prediction: Prediction) -> None:
        self._runs.start(prediction, self._replica)

    def give_up(self) -> None:
        self._replica.leave(self._id)

    def run(self, new: NewPrediction, *, may_land: bool) -> asyncio.Future[Prediction] | None:
        if self._is_waited_for:
            return None
        prediction = self._runs.plain(new, self._replica, self.node)
        if prediction is None:
            return None
        if may_land and self._replica.ahead.pace.is_quick:
            return self._runs.run_first(new, prediction, self._replica)
        return self._runs.early.run(new, prediction, self._replica)

"""A place in a replica that is kept for a prediction while it is being written."""

from foretell.node.replica import Replica
from foretell.node.runs import Runs
from foretell.prediction import Prediction


class Reserved:
    """One place, taken from the moment it is made."""

    def __init__(self, node: str, prediction_id: str, replica: Replica, runs: Runs) -> None:
        self.node = node
        self._id = prediction_id
        self._replica = replica
        self._runs = runs
        replica.assigned.add(prediction_id)

    def start(self, prediction: Prediction) -> None:
        self._runs.start(prediction, self._replica)

    def give_up(self) -> None:
        self._replica.leave(self._id)

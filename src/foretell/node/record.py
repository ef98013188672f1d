"""What an attempt writes down about itself: each until the store takes it."""

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from foretell.errors import Error
from foretell.file import File
from foretell.node.outcome import tell_ended
from foretell.node.patience import written
from foretell.node.trouble import HoldLost
from foretell.prediction import Outcome, Phase, Prediction, Used
from foretell.store import Store

log = logging.getLogger(__name__)


class Record:
    """One attempt's, under its hold."""

    def __init__(self, prediction: Prediction, store: Store) -> None:
        assert prediction.hold is not None
        self._prediction = prediction
        self._hold = prediction.hold
        self._store = store

    async def note(self, phase: Phase) -> None:
        """Raises HoldLost."""
        if not await written(self._hold.prediction_id, lambda: self._store.note(self._hold, phase=phase)):
            raise HoldLost

    async def release(self, *, lost: bool = False) -> None:
        """Sends the prediction back to the queue."""
        await written(self._hold.prediction_id, lambda: self._store.release(self._hold, lost=lost))

    async def finish(self, outcome: Outcome, files: Sequence[File] = ()) -> bool:
        """Whether the prediction has ended that way: by this write, or by one whose answer got lost.

        `files`: those that it gave.
        """
        hold, given = self._hold, sorted(files, key=lambda each: (each.created_at, each.id))
        prediction = replace(self._prediction, files=tuple(given))
        if await written(
            hold.prediction_id, lambda: self._store.finish(hold, outcome, prediction=prediction)
        ):
            tell_ended(prediction, outcome)
            return True
        found = await written(hold.prediction_id, lambda: self._store.get(hold.prediction_id))
        return found is not None and (found.attempt, found.status) == (hold.attempt, outcome.status)

    async def stopped(self, stage: str, seconds: float, used: Used) -> None:
        """How it was stopped, and what it had used: told once, for it is beside what has ended already."""
        hold = self._hold
        try:
            await self._store.stopped(
                hold.prediction_id, attempt=hold.attempt, stage=stage, seconds=seconds, used=used
            )
        except Error as error:
            log.warning(
                "how prediction %s was stopped could not be written: %s", hold.prediction_id, error.message
            )

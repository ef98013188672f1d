"""Following: what one listener has heard of a prediction, and what comes next, from events and from the table."""

from collections.abc import Sequence

from foretell.api.creating import deleted_meanwhile
from foretell.api.ear import is_all_heard
from foretell.errors import Code, Error
from foretell.event import Event, Kind
from foretell.prediction import Prediction
from foretell.store import Store

PAGE = 500
LISTENED_TO = frozenset({Kind.OUTPUT, Kind.DELTA, Kind.PREVIEW})
LASTING = frozenset({Kind.OUTPUT, Kind.DELTA})
"""What cannot be unsaid when another attempt begins anew."""


class Following:
    """A listener's progress. `ended` is the prediction once it has ended and all of it was heard.

    `is_behind`: the table has more than was heard, or a live event came whose predecessor did not.
    """

    def __init__(self, store: Store, prediction: Prediction) -> None:
        self._store = store
        self._prediction_id = prediction.id
        self._attempt = prediction.attempt
        self._sequence = 0
        self._is_live = False
        self._has_heard = False
        self.is_behind = False
        self.ended: Prediction | None = None

    def hear(self, events: Sequence[Event]) -> list[Event]:
        """What live events add. An event out of order is left to the next look."""
        found = []
        for event in events:
            if event.attempt == self._attempt and event.sequence == self._sequence + 1:
                self._is_live = True
                found += self._taken([event])
            elif (event.attempt, event.sequence) > (self._attempt, self._sequence):
                self.is_behind = True
        return found

    async def look(self, told: Prediction | None = None) -> list[Event]:
        """What the row and the table add. Raises Error when the attempt was lost or the row deleted.

        `told`: the row as this process itself has moved it.
        """
        prediction = told or await self._store.get(self._prediction_id)
        if prediction is None:
            raise deleted_meanwhile()
        self._go_to_attempt(prediction.attempt)
        found = []
        if self.is_behind or not is_all_heard(prediction, is_told=told is not None, is_live=self._is_live):
            found = await self._page()
        if prediction.status.is_terminal and not self.is_behind:
            self.ended = prediction
        return found

    def _go_to_attempt(self, attempt: int) -> None:
        if attempt == self._attempt:
            return
        if self._has_heard:
            message = "The process that answered was lost in the middle of the answer. Ask again."
            raise Error(Code.INFERENCE_FAILED, message)
        self._attempt, self._sequence, self._is_live = attempt, 0, False

    async def _page(self) -> list[Event]:
        """The next events in the table; a full page leaves the listener behind."""
        events = await self._store.events(
            self._prediction_id, attempt=self._attempt, after=self._sequence, limit=PAGE
        )
        self.is_behind = len(events) == PAGE
        return self._taken(events)

    def _taken(self, events: Sequence[Event]) -> list[Event]:
        if events:
            self._sequence = events[-1].sequence
        self._has_heard = self._has_heard or any(each.kind in LASTING for each in events)
        return [each for each in events if each.kind in LISTENED_TO]

"""The facade's entrance: how predictions come in, to wait, to be run at once, or to be written when they have run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from foretell.allowance import Bounds, Standing
from foretell.prediction import NewPrediction, Prediction
from foretell.store import landings
from foretell.store.creates import Create, Created, create
from foretell.store.credits import Credits
from foretell.store.idempotency import Claim
from foretell.store.landings import Landing
from foretell.store.places import Offer, Place, settle
from foretell.store.reads import Readers
from foretell.store.rows import encoded
from foretell.store.writer import Verb, Writer

CREATE = Verb(create, rank=1)
LAND = Verb(landings.land, rank=1)
BRIEF_CHARACTERS_MAX = 64 * 1024
"""An input beyond that takes its time to be written."""


class Arrivals(Credits):
    """Everything about predictions that are new."""

    def __init__(self, writer: Writer, readers: Readers, *, queued_max: int) -> None:
        self.offer: Offer | None = None
        """Asked for a place for each new prediction, by the node of this process while it takes work."""
        self.on_end: Callable[[Prediction], None] | None = None
        """Is told of each prediction that this process has ended, once that is durable."""
        super().__init__(writer, readers)
        self._queued_max = queued_max

    async def create(self, new: NewPrediction) -> Prediction:
        """Durable when it returns. Raises Error(OVERLOADED) when too many wait."""
        return (await self.create_within(new, None)).prediction

    async def create_within(
        self,
        new: NewPrediction,
        bounds: Bounds | None,
        claim: Claim | None = None,
        *,
        awaited: bool = False,
    ) -> Created:
        """The same, if account and key may still create one and can pay for it: else nothing was written.

        Raises AllowanceSpentError or Error(INSUFFICIENT_CREDITS). With a `claim` whose key stands for a prediction
        already, gives that one; raises Error(KEY_REUSED) or Error(GONE) where it cannot be. `awaited`: who asks
        waits for what it says or for its end, so that it may run before it is written, or be written with its end.
        """
        place = None if self.offer is None else self.offer(new)
        if place is not None and awaited and claim is None and _is_plain(new, bounds):
            running = place.run(new, may_land=not new.stream)
            if running is not None:
                return Created(await running, Standing())
        return await self.creating(new, bounds, claim, place)

    @property
    def writes_at_once(self) -> bool:
        """Whether a create is written in the turn of the event loop in which it is asked for."""
        return self._writer.is_at_hand

    def creating(
        self,
        new: NewPrediction,
        bounds: Bounds | None = None,
        claim: Claim | None = None,
        place: Place | None = None,
    ) -> asyncio.Future[Created]:
        """The same under way, with a place that was kept for it."""
        asked = Create(new, encoded(new.input), self._queued_max, bounds, claim, place)
        then = None if place is None else partial(settle, place, new.id)
        is_brief = (bounds is None or bounds.are_open) and len(asked.input) < BRIEF_CHARACTERS_MAX
        return self._writer.submit(CREATE, asked, key=new.id, then=then, is_brief=is_brief)

    def land(self, asked: Landing, then: Callable[[Prediction | Exception], None]) -> None:
        """Writes what has run before it was written; `then` is given the prediction, or why it was not written."""

        def landed(result: Prediction | Exception) -> None:
            if self.on_end is not None and not isinstance(result, Exception):
                self.on_end(result)
            then(result)

        is_brief = len(asked.input) < BRIEF_CHARACTERS_MAX
        self._writer.submit(LAND, asked, then=landed, is_brief=is_brief)


def _is_plain(new: NewPrediction, bounds: Bounds | None) -> bool:
    """Whether nothing can refuse it, nobody else is told of it on the way, and no deadline ends it."""
    is_free = new.pricing is None and (bounds is None or bounds.are_open)
    has_deadline = new.cancel_after_seconds is not None or new.queue_seconds is not None
    return is_free and new.webhook is None and not has_deadline

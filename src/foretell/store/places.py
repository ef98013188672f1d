"""Places: where a new prediction can run at once, offered by a node in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from foretell.prediction import NewPrediction, Prediction

if TYPE_CHECKING:
    import asyncio

    from foretell.store.creates import Created


class Place(Protocol):
    """Room for one prediction on a node, kept free until it is either started there or given up."""

    @property
    def node(self) -> str: ...

    @property
    def is_running(self) -> bool:
        """Whether it runs there already: then it is nobody's turn but its own."""
        ...

    @property
    def has_begun(self) -> bool:
        """Whether it is written as one that has begun."""
        ...

    def start(self, prediction: Prediction) -> None:
        """The prediction is written down as held by this node, and is its own to run from now on."""
        ...

    def give_up(self) -> None:
        """It is not to run here: it was refused, or others wait before it."""
        ...

    def run(self, new: NewPrediction, *, may_land: bool) -> asyncio.Future[Prediction] | None:
        """Runs it before it is written, if nobody waits before it.

        The prediction, once it is written: with its end if it `may_land` and that came in a moment, without else.
        None: it is to be created first. Only for what nothing can refuse, and for which somebody waits.
        """
        ...


Offer = Callable[[NewPrediction], Place | None]
"""A place for what is about to be created; None where it has to wait for one."""


def settle(place: Place, prediction_id: str, created: Created | Exception) -> None:
    """Starts in its place what was created for it and is held there; lets go of the place in any other case."""
    if isinstance(created, Exception) or created.is_replay:
        place.give_up()
    elif created.prediction.id == prediction_id and created.prediction.node == place.node:
        place.start(created.prediction)
    else:
        place.give_up()

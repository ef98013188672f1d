"""Quick runs: where a model answers in a moment, a prediction costs two frames and one write, and no task.

Whatever lasts longer, or says more than an answer, goes on as any other run does.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from foretell.node.channel import Channel
from foretell.node.frames import Done, Log, Metric
from foretell.node.trouble import ReplicaGone
from foretell.prediction import Hold, Prediction
from foretell.result import Form, form

if TYPE_CHECKING:
    import asyncio

    from foretell.node.replica import Replica
    from foretell.node.unwritten import Unwritten

_TEXT = {Form.TEXT, Form.TEXTS}


class QuickRun:
    """One prediction whose end is hoped for at once.

    `heard` is told of each word about it, `overdue` that its end has not come in time.
    """

    task: "asyncio.Future[Any] | None" = None
    unwritten: "Unwritten | None" = None
    """What it is in while its prediction is not written yet."""

    def __init__(
        self,
        prediction: Prediction,
        replica: "Replica",
        heard: "Callable[[QuickRun], None]",
        overdue: "Callable[[QuickRun], object]",
    ) -> None:
        assert prediction.hold is not None
        self.id = prediction.id
        self.hold: Hold = prediction.hold
        self.prediction = prediction
        self.replica = replica
        self.began_seconds: float | None = None
        self.is_overdue = False
        self.overdue = overdue
        self._heard = heard
        self.channel = Channel(self._on_change)

    def begin(self) -> None:
        """The child is at it, if it was not before."""
        if self.began_seconds is None:
            self.began_seconds = time.monotonic()
            self.replica.entrance.note()

    @property
    def has_begun(self) -> bool:
        """Whether the child is at it, as far as is known: nothing that it was sent before is still to end."""
        return self.began_seconds is not None

    def answer(self) -> tuple[list[Log | Metric], Done] | None:
        """All that it said, if that is a plain answer: no files, and nothing on the way but words and figures."""
        said = self.channel.said
        # What it logs is written beside what is written.
        words = Metric if self.unwritten is not None else Log | Metric
        plain: list[Log | Metric] = [each for each in said if isinstance(each, words)]
        rest = [each for each in said if isinstance(each, Done)]
        if len(rest) != 1 or len(plain) + 1 < len(said) or rest[0].files:
            return None
        value = rest[0].value
        is_text = value is None or (value is not msgspec.UNSET and form(value) in _TEXT)
        return (plain, rest[0]) if is_text else None

    def going_on(self) -> "GoingOn":
        """What the child says of it from here on, until it is over. To enter raises ReplicaGone if it had not begun."""
        return GoingOn(self)

    def _on_change(self) -> None:
        self._heard(self)


class GoingOn:
    """A quick run while it is heard as any other."""

    def __init__(self, run: QuickRun) -> None:
        self._run = run

    async def __aenter__(self) -> Channel:
        run = self._run
        if not run.has_begun:
            run.replica.say({"type": "cancel", "id": run.id})
            run.replica.ahead.leave(run.id)
            raise ReplicaGone
        return run.channel

    async def __aexit__(self, *_: object) -> None:
        self._run.replica.ahead.leave(self._run.id)

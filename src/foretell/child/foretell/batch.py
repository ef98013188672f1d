"""Runs that one call of `predict_batch` answers: each keeps its own words, files and end."""

from __future__ import annotations

from typing import Any, Optional

from . import failure, meter, scope
from .gate import CancelationException
from .link import Frame
from .output import BadOutput, TooLarge
from .run import BatchRaised, Run
from .scope import Members

Ending = tuple[Optional[Frame], Optional[BaseException]]


class Batch:
    """To who runs it, it is one run. A member that is canceled is carried along, and what it gives is dropped."""

    def __init__(self, batch_id: str, members: list[Run]) -> None:
        self.id = batch_id
        self.members = members
        self.cancel_wanted = False
        self.scope = Members(batch_id, [each.scope for each in members])

    def cancel(self, run_id: str) -> None:
        for each in self.members:
            each.cancel_wanted = each.cancel_wanted or each.id == run_id

    @property
    def is_canceled(self) -> bool:
        """Whether nobody wants any of it."""
        return all(each.cancel_wanted for each in self.members)

    def begin(self, usage: meter.Meter) -> None:
        for each in self.members:
            each.begin(usage, sharing=len(self.members))

    def result(self, produced: Any) -> list[Ending]:
        """What each member gets of what was returned. Raises `BadOutput` where that is not one for each."""
        if not isinstance(produced, (list, tuple)) or len(produced) != len(self.members):
            given = "{} outputs".format(len(produced)) if isinstance(produced, (list, tuple)) else "no list"
            raise BadOutput("predict_batch() gave {} for {} inputs".format(given, len(self.members)))
        return list(map(_taken, self.members, produced))

    def ending(
        self, usage: meter.Meter, result: Optional[list[Ending]], error: Optional[BaseException]
    ) -> bytes:
        """The last frames of all. What was raised instead of returned is nobody's failure yet."""
        if error is not None and not (self.cancel_wanted and failure.is_cancel(error)):
            error = BatchRaised(error)
        endings: list[Ending] = [(None, error)] * len(self.members) if result is None or error else result
        return b"".join(run.ending(usage, *endings[index]) for index, run in enumerate(self.members))


def _taken(run: Run, value: Any) -> Ending:
    if run.cancel_wanted:
        return None, CancelationException()
    if isinstance(value, BaseException):
        return None, value
    try:
        with scope.within(run.scope):
            return run.result(value), None
    except (BadOutput, TooLarge) as error:
        return None, error

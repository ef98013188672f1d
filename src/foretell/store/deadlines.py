"""Deadlines: live predictions that are canceled at an instant, and waiting ones that expire."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.prediction import Failure, Move, NewPrediction
from foretell.store import lanes, set_back
from foretell.store.database import Connection, Transaction
from foretell.store.moves import ENDED, Ending, end, move
from foretell.store.predictions import Cancel, cancel, locked

CANCELED_BY = "deadline"
EXPIRED = "expired"
"""The code of a prediction that did not begin in time."""

_LIVE = "completed_at IS NULL"
_TO_EXPIRE = f"expire_at IS NOT NULL AND {_LIVE} AND status = 'starting'"
_TO_CANCEL = f"cancel_at IS NOT NULL AND {_LIVE}"


def columns(new: NewPrediction, *, at: int) -> tuple[int | None, int | None]:
    """When one that is created now is canceled, and when it expires."""
    return _instant(at, new.cancel_after_seconds), _instant(at, new.queue_seconds)


def end_overdue(transaction: Transaction, asked: Sequence[int]) -> list[int]:
    """Ends up to so many of each kind, whoever holds them; gives how many it met."""
    set_back.begin_deadlines_anew(transaction)
    return [_cancel(transaction, each) + _expire(transaction, each) for each in asked]


def next_at(connection: Connection) -> int | None:
    """The next instant at which something has to end; None: there is no deadline."""
    soonest = [
        connection.execute(f"SELECT MIN({column}) FROM predictions WHERE {which}")[0][0]
        for column, which in (("cancel_at", _TO_CANCEL), ("expire_at", _TO_EXPIRE))
    ]
    return min((int(each) for each in soonest if each is not None), default=None)


def _cancel(transaction: Transaction, limit: int) -> int:
    sql = f"SELECT id FROM predictions WHERE {_TO_CANCEL} AND cancel_at <= ? ORDER BY cancel_at LIMIT ?"
    found = transaction.execute(sql, (transaction.at, limit))
    if found:
        cancel(transaction, [Cancel(row[0], None, CANCELED_BY) for row in found])
    return len(found)


def _expire(transaction: Transaction, limit: int) -> int:
    sql = f"SELECT id, expire_at FROM predictions WHERE {_TO_EXPIRE} AND expire_at <= ? ORDER BY expire_at LIMIT ?"
    found: dict[str, int] = dict(transaction.execute(sql, (transaction.at, limit)))
    if not found:
        return 0
    before = locked(transaction, [Cancel(each, None, "") for each in found])
    waiting = [(each,) for each in sorted(before)]
    moved = move(transaction, Move.EXPIRE, waiting, {"id": "TEXT"}, (ENDED, [transaction.at]))
    lanes.leave(transaction, [before[each.id] for each in moved if before[each.id].node is None])
    for each in moved:
        transaction.tell(f"moved:{before[each.id].node}")
    lives = {each.id: (found[each.id] - each.created_at) / 1_000_000 for each in moved}
    end(transaction, moved, {each: Ending(failure=_expired(seconds)) for each, seconds in lives.items()})
    return len(found)


def _expired(seconds: float) -> Failure:
    # The clock may have been set back meanwhile: then that is not how long it was.
    within = f"within {seconds:g} seconds" if seconds > 0 else "in time"
    return Failure(EXPIRED, f"The prediction did not begin {within}.")


def _instant(at: int, seconds: float | None) -> int | None:
    return None if seconds is None else at + round(seconds * 1_000_000)

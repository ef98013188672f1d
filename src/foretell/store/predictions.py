"""The door: every way in which a prediction changes its status or its hold, and ends.

Each function takes a list of what was asked and gives a list of answers in the same order, all in one transaction.
"Someone else got there first" is an answer, not an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from foretell.file import File
from foretell.prediction import (
    LOSSES_MAX,
    Failure,
    Hold,
    Move,
    Outcome,
    Phase,
    Prediction,
    Status,
    Steps,
)
from foretell.store import files, lanes, webhooks
from foretell.store.database import Row, Transaction, marks
from foretell.store.moves import CURRENT, ENDED, HOLD, Ending, end, follow, guard, move, set_status
from foretell.store.rows import COLUMNS, QUALIFIED, encoded, prediction_of, read, with_bodies
from foretell.webhook import WebhookEvent

_MOVES = {Status.SUCCEEDED: Move.SUCCEED, Status.FAILED: Move.FAIL, Status.CANCELED: Move.CANCEL}
_BEGUN = (WebhookEvent.STARTED, WebhookEvent.PROCESSING)
# Never before it was held: on a clock that was set, or one that a test holds still.
_STARTED = "CASE WHEN ? - v.ran > predictions.held_at THEN ? - v.ran ELSE predictions.held_at END"
_LOST = Failure("worker_lost", f"The process that ran this prediction was lost {LOSSES_MAX} times.")


@dataclass(frozen=True, slots=True)
class Take:
    """A node's wish for up to `count` waiting rows of a lane."""

    lane: str
    node: str
    count: int


@dataclass(frozen=True, slots=True)
class Note:
    """What a live row is doing now."""

    hold: Hold
    phase: Phase
    progress: float | None
    steps: Steps | None = None


class Begin(msgspec.Struct, frozen=True):
    """The start of a run, so long ago."""

    hold: Hold
    ran_seconds: float = 0.0


class Finish(msgspec.Struct, frozen=True):
    """The end of an attempt, with the files it leaves.

    `prediction`: what who held it was given, with its body; then nothing of it is read again. `ran_seconds`: how long
    ago its run began, which is written now if it was not yet.
    """

    hold: Hold
    outcome: Outcome
    files: Sequence[File] = ()
    prediction: Prediction | None = None
    ran_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A hold given back; `lost` when its node or replica vanished."""

    hold: Hold
    lost: bool


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody's wish that a prediction end; `account_id` None may end any."""

    prediction_id: str
    account_id: str | None
    canceled_by: str


def take(transaction: Transaction, asked: Sequence[Take]) -> list[list[Prediction]]:
    """Gives free rows to nodes, in the order in which they are due, with their bodies."""
    return [_take(transaction, each) for each in asked]


def begin(transaction: Transaction, asked: Sequence[Begin]) -> list[bool]:
    """The predictor is entered: the run's clock starts."""
    rows = sorted((*_hold_row(each.hold), _microseconds(each.ran_seconds)) for each in asked)
    changes = f"started_at = {_STARTED}, phase = '{Phase.RUNNING}'"
    at = transaction.at
    moved = move(transaction, Move.BEGIN, rows, {**HOLD, "ran": "BIGINT"}, (changes, [at, at]))
    webhooks.owe(transaction, [(each, _BEGUN) for each in webhooks.subscribed(transaction, moved)])
    for each in moved:
        transaction.tell(f"prediction:{each.id}", each)
    begun = {each.id for each in moved}
    return [each.hold.prediction_id in begun for each in asked]


def note(transaction: Transaction, asked: Sequence[Note]) -> list[bool]:
    """Writes down phase and progress of live rows; progress never falls, and its steps go with it."""
    columns = {**HOLD, "phase": "TEXT", "progress": "DOUBLE PRECISION", "steps": "TEXT"}
    rows = [
        (*_hold_row(each.hold), each.phase, _percent(each.progress), _steps(each.steps)) for each in asked
    ]
    given = transaction.table("v", columns, sorted(rows))
    found = transaction.execute(
        f"""WITH {given.sql}
            UPDATE predictions SET updated_at = ?, phase = v.phase, progress =
                CASE WHEN v.progress > predictions.progress THEN v.progress ELSE predictions.progress END,
                steps = CASE WHEN v.steps IS NOT NULL AND v.progress >= predictions.progress
                    THEN v.steps ELSE predictions.steps END
            FROM v WHERE predictions.id = v.id AND {CURRENT} RETURNING {QUALIFIED}""",
        [*given.values, transaction.at],
    )
    noted = {row.id: row for row in map(prediction_of, found)}
    for each in noted.values():
        transaction.tell(f"prediction:{each.id}", each)
    return [each.hold.prediction_id in noted for each in asked]


def finish(transaction: Transaction, asked: Sequence[Finish]) -> list[Prediction | None]:
    """Ends attempts under their holds; None where the hold was lost, and then nothing was written."""
    finished = {each.hold.prediction_id: each for each in asked}
    rows: list[Row] = []
    for status in _MOVES:
        rows += _finish(
            transaction, [each for each in asked if each.outcome.status is status], _MOVES[status]
        )
    unknown = read(transaction.connection, [row[0] for row in rows if finished[row[0]].prediction is None])
    moved = [_ended(row, finished[row[0]], unknown.get(row[0]), at=transaction.at) for row in rows]
    begun = [each for each in moved if finished[each.id].ran_seconds is not None]
    webhooks.owe(transaction, [(each, _BEGUN) for each in begun])
    ended = follow(transaction, moved, {each.id: _ending(finished[each.id].outcome) for each in moved})
    files.insert(transaction, [file for each in moved for file in finished[each.id].files])
    return [ended.get(each.hold.prediction_id) for each in asked]


def release(transaction: Transaction, asked: Sequence[Release]) -> list[Prediction | None]:
    """Gives holds back: the row waits again with its old turn, or has failed when it was lost too often."""
    rows = sorted(
        (each.hold.prediction_id, each.hold.node, each.hold.attempt, int(each.lost)) for each in asked
    )
    columns = {**HOLD, "lost": "BIGINT"}
    losses = "losses = predictions.losses + v.lost"
    too_often = f" AND v.lost = 1 AND predictions.losses + 1 >= {LOSSES_MAX}"
    failed = move(
        transaction, Move.FAIL, rows, columns, (f"{losses}, {ENDED}", [transaction.at]), only=too_often
    )
    # What it has run does not count as time in the queue.
    expire_at = "predictions.expire_at + (? - COALESCE(predictions.started_at, ?))"
    free_again = f"node = NULL, held_at = NULL, started_at = NULL, phase = '{Phase.QUEUED}'"
    freed = f"{losses}, {free_again}, expire_at = {expire_at}"
    free = move(transaction, Move.RELEASE, rows, columns, (freed, [transaction.at, transaction.at]))
    lanes.rejoin(transaction, free)
    files.drop_outputs(transaction, [each.id for each in free])
    for each in free:
        transaction.tell(f"prediction:{each.id}")
    found = end(transaction, failed, {each.id: Ending(failure=_LOST) for each in failed})
    found |= {each.id: each for each in with_bodies(transaction.connection, free)}
    return [found.get(each.hold.prediction_id) for each in asked]


def cancel(transaction: Transaction, asked: Sequence[Cancel]) -> list[Prediction | None]:
    """Ends live rows whoever holds them; a row that had ended is given as it is, None where there is no such row."""
    before = locked(transaction, asked)
    live = sorted(each.id for each in before.values() if not each.status.is_terminal)
    moved = move(
        transaction, Move.CANCEL, [(each,) for each in live], {"id": "TEXT"}, (ENDED, [transaction.at])
    )
    lanes.leave(transaction, [before[each.id] for each in moved if before[each.id].node is None])
    for each in moved:
        transaction.tell(f"moved:{before[each.id].node}")
    begun = {each.id for each in moved if each.started_at is not None}
    reasons = {each.prediction_id: _canceled(each, has_begun=each.prediction_id in begun) for each in asked}
    found = end(transaction, moved, reasons)
    found |= read(transaction.connection, before.keys() - found.keys())
    return [found.get(each.prediction_id) for each in asked]


def _take(transaction: Transaction, asked: Take) -> list[Prediction]:
    # What was picked is locked and so still free; saying it twice leads Postgres from the primary key to a worse index.
    found = transaction.execute(
        f"""WITH picked AS MATERIALIZED (
                SELECT id FROM predictions WHERE {guard(Move.TAKE)} AND lane = ? AND run_after_at <= ?
                ORDER BY priority DESC, turn, id LIMIT ? $skip_locked)
            UPDATE predictions SET node = ?, attempt = predictions.attempt + 1, held_at = ?, updated_at = ?
            FROM picked WHERE predictions.id = picked.id
            RETURNING {QUALIFIED}, predictions.turn""",
        (asked.lane, transaction.at, asked.count, asked.node, transaction.at, transaction.at),
    )
    found.sort(key=_place)
    taken = [prediction_of(row) for row in found]
    lanes.leave(transaction, taken)
    lanes.advance(transaction, [(each, row[-1]) for each, row in zip(taken, found, strict=True)])
    return with_bodies(transaction.connection, taken)


def _place(row: Row) -> tuple[int, int, str]:
    return -row[11], row[-1], row[0]


def _finish(transaction: Transaction, asked: Sequence[Finish], verb: Move) -> list[Row]:
    rows = sorted(
        (*_hold_row(each.hold), _cost(each.outcome), _microseconds(each.ran_seconds)) for each in asked
    )
    columns = {**HOLD, "cost": "BIGINT", "ran": "BIGINT"}
    # A cancel needs no hold; one that a node reports does, or a late attempt could end a newer one.
    fence = "" if verb is not Move.CANCEL else f" AND {CURRENT}"
    # One whose run began and ended since the last write makes both moves at once.
    begun = f"({guard(verb)} OR ({guard(Move.BEGIN)} AND v.ran IS NOT NULL))"
    started = f"COALESCE(predictions.started_at, CASE WHEN v.ran IS NOT NULL THEN {_STARTED} END)"
    at = transaction.at
    changes = (f"{ENDED}, cost_nanocredits = v.cost, started_at = {started}", [at, at, at])
    given = "predictions.id, predictions.started_at, predictions.progress"
    return set_status(transaction, verb, (columns, rows), changes, where=f"{begun}{fence}", returning=given)


def _ended(row: Row, finish: Finish, found: Prediction | None, *, at: int) -> Prediction:
    """The whole prediction as it now is."""
    outcome = finish.outcome
    known = finish.prediction or found
    assert known is not None
    return replace(
        known,
        status=outcome.status,
        node=None,
        phase=None,
        started_at=row[1],
        completed_at=at,
        updated_at=at,
        progress=float(row[2]),
        cost_nanocredits=_cost(outcome),
        result=outcome.result,
        failure=outcome.failure,
        metrics=outcome.metrics,
        metadata={**known.metadata, **outcome.metadata},
    )


def _ending(outcome: Outcome) -> Ending:
    return Ending(
        result=outcome.result,
        failure=outcome.failure,
        metrics=outcome.metrics,
        metadata=outcome.metadata,
        cost_nanocredits=_cost(outcome),
    )


def _cost(outcome: Outcome) -> int:
    """A failure is free, whatever it took."""
    return 0 if outcome.status is Status.FAILED else outcome.cost_nanocredits


def _canceled(asked: Cancel, *, has_begun: bool) -> Ending:
    """What a run had used by then is said when it has stopped."""
    return Ending(metadata={"canceled_by": asked.canceled_by}, cost_nanocredits=None if has_begun else 0)


def locked(transaction: Transaction, asked: Sequence[Cancel]) -> dict[str, Prediction]:
    """Those that are there and may be ended by who asks, by id; nobody else changes them in this transaction."""
    ids = sorted({each.prediction_id for each in asked})
    alive = f"id IN ({marks(len(ids))}) AND deleted_at IS NULL"
    sql = f"SELECT {COLUMNS} FROM predictions WHERE {alive} ORDER BY id $for_update"
    owners = {each.prediction_id: each.account_id for each in asked}
    found = [prediction_of(row) for row in transaction.execute(sql, ids)]
    return {each.id: each for each in found if owners[each.id] in (None, each.account_id)}


def _hold_row(hold: Hold) -> tuple[str, str, int]:
    return hold.prediction_id, hold.node, hold.attempt


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000_000)


def _steps(steps: Steps | None) -> str | None:
    return None if steps is None else encoded(steps)


def _percent(progress: float | None) -> float | None:
    return None if progress is None else min(max(progress, 0.0), 100.0)

"""The one statement by which a status changes, and what follows from it in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from msgspec.structs import replace

from foretell.prediction import MOVES, Failure, Move, Prediction, Status
from foretell.pricing import USED, counted
from foretell.store import charges, files, retention, webhooks
from foretell.store.database import Row, Transaction, Value
from foretell.store.rows import QUALIFIED, encoded, prediction_of, with_bodies
from foretell.webhook import WebhookEvent

HOLD = {"id": "TEXT", "node": "TEXT", "attempt": "BIGINT"}
"""The columns of a hold in a VALUES table."""
CURRENT = "predictions.node = v.node AND predictions.attempt = v.attempt"
"""The fence: whoever writes under a hold that is no longer current meets no row."""
WAITING = "predictions.node IS NULL AND predictions.completed_at IS NULL"
"""What waits, in the words of the index over it."""
ENDED = "node = NULL, phase = NULL, completed_at = ?"
"""What every terminal move sets, with its instant."""

_BODY = dict.fromkeys(("id", "result", "failure", "metrics", "metadata"), "TEXT")
_EVENTS = {
    Status.SUCCEEDED: WebhookEvent.COMPLETED,
    Status.FAILED: WebhookEvent.FAILED,
    Status.CANCELED: WebhookEvent.CANCELED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What an ended prediction's body gets, and what it costs.

    `cost_nanocredits` None: what a run that is being stopped has used is not known yet.
    """

    result: Any = None
    failure: Failure | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    cost_nanocredits: int | None = 0


@cache
def guard(move: Move) -> str:
    """Where `move` may start, as SQL; derived from the table of moves."""
    rule = MOVES[move]
    sources = " OR ".join(f"predictions.status = '{each}'" for each in rule.sources)
    free = f" AND {WAITING}" if move is Move.TAKE else ""
    return f"({sources}){free}" if len(rule.sources) > 1 else f"{sources}{free}"


def move(
    transaction: Transaction,
    verb: Move,
    rows: Sequence[Sequence[Value]],
    columns: Mapping[str, str],
    changes: tuple[str, Sequence[Value]],
    *,
    only: str = "",
) -> list[Prediction]:
    """Moves the rows named by `rows` where the table of moves allows it, and gives those that moved, without bodies.

    `columns` names and types the values of each row, the id first; `changes` is what else is set, with its values.
    """
    found = set_status(transaction, verb, (columns, rows), changes, where=f"{guard(verb)}{only}")
    return [prediction_of(row) for row in found]


def set_status(
    transaction: Transaction,
    verb: Move,
    named: tuple[Mapping[str, str], Sequence[Sequence[Value]]],
    changes: tuple[str, Sequence[Value]],
    *,
    where: str,
    returning: str = QUALIFIED,
) -> list[Row]:
    """The same for columns and rows that are `named`, with the guard said in `where`; gives what is `returning`."""
    columns, rows = named
    if not rows:
        return []
    rule = MOVES[verb]
    fence = f" AND {CURRENT}" if rule.held else ""
    given = transaction.table("v", columns, rows)
    return transaction.execute(
        f"""WITH {given.sql}
            UPDATE predictions SET status = '{rule.target}', updated_at = ?, {changes[0]}
            FROM v WHERE predictions.id = v.id AND {where}{fence} RETURNING {returning}""",
        [*given.values, transaction.at, *changes[1]],
    )


def end(
    transaction: Transaction, moved: Sequence[Prediction], endings: Mapping[str, Ending]
) -> dict[str, Prediction]:
    """What follows from a terminal move: bodies, charges, files, deliveries, notices. Gives the whole rows by id."""
    ended = [_ended(each, endings[each.id]) for each in with_bodies(transaction.connection, moved)]
    return follow(transaction, ended, endings)


def follow(
    transaction: Transaction, ended: Sequence[Prediction], endings: Mapping[str, Ending]
) -> dict[str, Prediction]:
    """The same for rows that are whole, with their endings."""
    ended = _charged(transaction, ended, endings)
    _write_bodies(transaction, ended)
    files.drop_outputs(transaction, [each.id for each in ended if each.status is not Status.SUCCEEDED])
    webhooks.owe(transaction, [(each, (_EVENTS[each.status],)) for each in ended])
    retention.purge_later(transaction, ended)
    for each in ended:
        transaction.tell(f"prediction:{each.id}", each)
    return {each.id: each for each in ended}


def _ended(prediction: Prediction, ending: Ending) -> Prediction:
    return replace(
        prediction,
        result=ending.result,
        failure=ending.failure,
        metrics=dict(ending.metrics),
        metadata={**prediction.metadata, **ending.metadata},
    )


def _charged(
    transaction: Transaction, ended: Sequence[Prediction], endings: Mapping[str, Ending]
) -> list[Prediction]:
    """The same, those that have a price with what they were charged."""
    costs = {each.id: _cost(each, endings[each.id]) for each in ended if each.pricing is not None}
    known = {prediction_id: cost for prediction_id, cost in costs.items() if cost is not None}
    charged = charges.settle(transaction, known)
    return [_with_charge(transaction, each, charged.get(each.id)) for each in ended]


def _cost(prediction: Prediction, ending: Ending) -> int | None:
    """What it costs, as far as that is known: only what a run uses can be owed for what was not delivered."""
    if ending.cost_nanocredits is not None or prediction.pricing is None:
        return ending.cost_nanocredits
    by = counted(prediction.pricing, prediction.input, model_type=prediction.model_type)
    return None if by & USED else 0


def _with_charge(transaction: Transaction, prediction: Prediction, charged: int | None) -> Prediction:
    if charged is None or charged == prediction.cost_nanocredits:
        return prediction
    sql = "UPDATE predictions SET cost_nanocredits = ? WHERE id = ?"
    transaction.write(sql, (charged, prediction.id))
    return replace(prediction, cost_nanocredits=charged)


def _write_bodies(transaction: Transaction, ended: Sequence[Prediction]) -> None:
    if not ended:
        return
    given = transaction.table("v", _BODY, [_body(each) for each in ended])
    transaction.write(
        f"""WITH {given.sql} UPDATE bodies SET result = v.result, failure = v.failure, metrics = v.metrics,
            metadata = v.metadata FROM v WHERE bodies.prediction_id = v.id""",
        given.values,
    )


def _body(prediction: Prediction) -> tuple[Value, ...]:
    return (
        prediction.id,
        None if prediction.result is None else encoded(prediction.result),
        None if prediction.failure is None else encoded(prediction.failure),
        encoded(prediction.metrics) if prediction.metrics else None,
        encoded(prediction.metadata) if prediction.metadata else None,
    )

"""Events as rows: one per gathered batch, read back one by one so that a stream can be resumed at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec

from foretell.event import Event, Kind
from foretell.store.database import Connection, Row, Transaction, marks
from foretell.store.notices import SAID_HERE
from foretell.store.rows import encoded

_batch = msgspec.json.Decoder(list[tuple[int, Kind, dict[str, object], int]])
_FENCE = {"id": "TEXT", "attempt": "BIGINT", "node": "TEXT"}


@dataclass(frozen=True, slots=True)
class Append:
    """What attempt `attempt` said, in order. `node` None trusts the attempt alone, which no two holds share."""

    prediction_id: str
    attempt: int
    node: str | None
    first: int
    last: int
    batch: str
    is_preview: bool = False


def batches(prediction_id: str, attempt: int, events: Sequence[Event], *, node: str | None) -> list[Append]:
    """Rows for `events` of one attempt, in order. A preview has one of its own, so that it can go alone."""
    groups = groupby(events, key=lambda each: each.sequence if each.kind is Kind.PREVIEW else None)
    return [
        _row(prediction_id, attempt, list(group), node=node, is_preview=sequence is not None)
        for sequence, group in groups
    ]


def _row(
    prediction_id: str, attempt: int, events: Sequence[Event], *, node: str | None, is_preview: bool
) -> Append:
    first, last = events[0].sequence, events[-1].sequence
    return Append(prediction_id, attempt, node, first, last, batched(events), is_preview)


def batched(events: Sequence[Event]) -> str:
    """`events` as the JSON of one row."""
    return encoded([(each.sequence, each.kind, each.data, each.at) for each in events])


def append(transaction: Transaction, asked: Sequence[Append]) -> list[bool]:
    """Writes batches whose hold is current; one that is there already counts as written."""
    rows = sorted((each.prediction_id, each.attempt, each.node) for each in asked)
    wanted = transaction.table("v", _FENCE, rows)
    found = transaction.execute(
        f"""WITH {wanted.sql} SELECT predictions.id FROM v JOIN predictions
            ON predictions.id = v.id AND predictions.attempt = v.attempt
            AND predictions.node = COALESCE(v.node, predictions.node)
            ORDER BY predictions.id $for_update""",
        wanted.values,
    )
    held = {row[0] for row in found}
    batches = [
        (each.prediction_id, each.attempt, each.first, each.last, each.batch)
        for each in asked
        if each.prediction_id in held
    ]
    newer = [each.prediction_id for each in asked if each.is_preview and each.prediction_id in held]
    forget_previews(transaction, newer)
    columns = "prediction_id, attempt, sequence, last_sequence, batch"
    transaction.insert("events", columns, batches, unless="prediction_id, attempt, sequence")
    for each in asked:
        topic = f"prediction:{each.prediction_id}"
        if each.prediction_id not in held:
            continue
        if each.node is not None:
            transaction.tell(topic)
        elif topic not in transaction.topics:
            transaction.tell(topic, SAID_HERE)
    return [each.prediction_id in held for each in asked]


def forget_previews(transaction: Transaction, ids: Sequence[str]) -> list[None]:
    """Takes the previews of these predictions away: a newer one, or the end, makes them worthless."""
    if ids:
        # By the row's first words, so that nothing that was merely said can be mistaken for one.
        head = f"""'[[' || CAST(sequence AS TEXT) || ',"{Kind.PREVIEW}",'"""
        transaction.write(
            f"""DELETE FROM events WHERE prediction_id IN ({marks(len(ids))}) AND sequence = last_sequence
                AND SUBSTR(batch, 1, LENGTH({head})) = {head}""",
            ids,
        )
    return [None] * len(ids)


def forget(transaction: Transaction, ids: Sequence[str]) -> None:
    """Takes away whatever these predictions have said."""
    transaction.write(f"DELETE FROM events WHERE prediction_id IN ({marks(len(ids))})", ids)


def forget_all_that(transaction: Transaction, prediction_id: str, goes: Callable[[Kind], bool]) -> None:
    """Takes away what of these kinds a prediction has said, and leaves the rest as it is numbered."""
    key = "prediction_id = ? AND attempt = ? AND sequence = ?"
    sql = "SELECT attempt, sequence, batch FROM events WHERE prediction_id = ?"
    for attempt, sequence, batch in transaction.execute(sql, (prediction_id,)):
        said = _batch.decode(batch)
        kept = [each for each in said if not goes(each[1])]
        place = (prediction_id, attempt, sequence)
        if not kept:
            transaction.write(f"DELETE FROM events WHERE {key}", place)
        elif len(kept) < len(said):
            transaction.write(f"UPDATE events SET batch = ? WHERE {key}", (encoded(kept), *place))


def read_events(
    connection: Connection, prediction_id: str, attempt: int | None, after: int, limit: int
) -> list[Event]:
    """Up to `limit` events after `after`; attempt None reads the newest attempt that has said anything."""
    if attempt is None:
        newest = connection.execute(
            "SELECT MAX(attempt) FROM events WHERE prediction_id = ?", (prediction_id,)
        )
        attempt = newest[0][0]
    if attempt is None:
        return []
    rows = connection.execute(
        """SELECT batch FROM events WHERE prediction_id = ? AND attempt = ? AND last_sequence > ?
           ORDER BY sequence LIMIT ?""",
        (prediction_id, attempt, after, limit),
    )
    return _events(rows, prediction_id, attempt, after)[:limit]


def _events(rows: Iterable[Row], prediction_id: str, attempt: int, after: int) -> list[Event]:
    return [
        Event(prediction_id, attempt, sequence, kind, data, at)
        for row in rows
        for sequence, kind, data, at in _batch.decode(row[0])
        if sequence > after
    ]

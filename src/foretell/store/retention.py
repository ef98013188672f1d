"""What is purged when: rows that are written at a prediction's end, and taken away with what they name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from foretell.event import Kind
from foretell.file import File
from foretell.prediction import Failure, Prediction
from foretell.retention import Part
from foretell.store import events, files, webhooks
from foretell.store.database import Connection, Transaction, marks
from foretell.store.rows import encoded, read

PURGES = "purges"
"""The topic that says that something is to be purged, maybe soon."""
UPLOAD = "upload"
"""The part that an upload is."""
REMOVED = "removed"
"""In the metadata of a prediction: the parts of it that are gone."""

_COLUMNS = "at, subject, part"
_SAID_BY_MODELS = {"message", "recorded"}
"""What of the metadata is the model's own words, and goes with its output."""


def purge_later(transaction: Transaction, ended: Iterable[Prediction]) -> None:
    """Writes down when each part of what has just ended is to be purged, where it is not kept for ever."""
    rows = [
        (transaction.at + seconds * 1_000_000, each.id, part)
        for each in ended
        if each.retention is not None
        for part, seconds in each.retention.limited()
    ]
    transaction.insert("purges", _COLUMNS, rows)
    if rows:
        transaction.tell(PURGES)


def settle_upload(
    transaction: Transaction, file: File, *, lent_seconds: float | None, keep_seconds: int
) -> bool:
    """The bytes have come: from now on it is an upload, until its time is over. False when it was given up before."""
    is_settled = files.settle_upload(transaction, file, lent_seconds=lent_seconds)
    if is_settled and keep_seconds:
        at = transaction.at + keep_seconds * 1_000_000
        transaction.insert("purges", _COLUMNS, [(at, file.id, UPLOAD)])
        transaction.tell(PURGES)
    return is_settled


def purge(transaction: Transaction, limit: int) -> int:
    """Takes away what is due, the longest overdue first; how much that was. All of a step is done, or none of it."""
    due = transaction.execute(
        f"""WITH picked AS MATERIALIZED (
                SELECT {_COLUMNS} FROM purges WHERE at <= ? ORDER BY at, subject, part LIMIT ? $skip_locked)
            DELETE FROM purges WHERE ({_COLUMNS}) IN (SELECT {_COLUMNS} FROM picked) RETURNING subject, part""",
        (transaction.at, limit),
    )
    if not due:
        return 0
    uploads = sorted(subject for subject, part in due if part == UPLOAD)
    files.remove(transaction, ids=uploads)
    parts: dict[str, set[Part]] = {}
    for subject, part in due:
        if part != UPLOAD:
            parts.setdefault(subject, set()).add(Part(part))
    _purge_predictions(transaction, parts)
    transaction.erases = True
    return len(due)


def next_purge_at(connection: Connection) -> int | None:
    found = connection.execute("SELECT MIN(at) FROM purges")
    return None if found[0][0] is None else int(found[0][0])


def _purge_predictions(transaction: Transaction, parts: dict[str, set[Part]]) -> None:
    ids = sorted(parts)
    if not ids:
        return
    # Locked in one order, so that no delete comes in between, and none waits for another in a circle.
    transaction.write(
        f"SELECT id FROM predictions WHERE id IN ({marks(len(ids))}) ORDER BY id $for_update", ids
    )
    for each in read(transaction.connection, ids).values():
        gone = {Part(name) for name in each.metadata.get(REMOVED, ())} | parts[each.id]
        _purge(transaction, each, parts[each.id], gone)
    outputs = [each for each in ids if Part.OUTPUTS in parts[each]]
    files.remove(transaction, prediction_ids=outputs)
    webhooks.forget_bodies(transaction, [each for each in ids if parts[each] - {Part.LOGS}])
    for prediction_id in ids:
        transaction.tell(f"prediction:{prediction_id}")


def _purge(transaction: Transaction, prediction: Prediction, now: Collection[Part], gone: set[Part]) -> None:
    """Rewrites one row without the parts that go now; `gone` are all that are gone then."""
    kept = _without(prediction, now)
    metadata = kept.metadata | {REMOVED: sorted(gone)}
    transaction.write(
        """UPDATE bodies SET input = ?, request = CASE WHEN ? = 1 THEN NULL ELSE request END, result = ?, failure = ?,
           metadata = ? WHERE prediction_id = ?""",
        (
            encoded(kept.input),
            int(Part.INPUTS in now),
            None if kept.result is None else encoded(kept.result),
            None if kept.failure is None else encoded(kept.failure),
            encoded(metadata),
            prediction.id,
        ),
    )
    transaction.write(
        """UPDATE predictions SET updated_at = ?, input_hash = CASE WHEN ? = 1 THEN NULL ELSE input_hash END,
           data_removed_at = CASE WHEN ? = 1 THEN COALESCE(data_removed_at, ?) ELSE data_removed_at END WHERE id = ?""",
        (transaction.at, int(Part.INPUTS in now), int(Part.OUTPUTS in now), transaction.at, prediction.id),
    )
    _purge_events(transaction, prediction.id, now, gone)


def _without(prediction: Prediction, parts: Collection[Part]) -> Prediction:
    kept = prediction
    if Part.INPUTS in parts:
        kept = replace(kept, input={})
    if Part.OUTPUTS in parts:
        failure = kept.failure and Failure(kept.failure.code, "Why it failed is no longer kept.")
        metadata = {name: said for name, said in kept.metadata.items() if name not in _SAID_BY_MODELS}
        kept = replace(kept, result=None, failure=failure, metadata=metadata)
    return kept


def _purge_events(
    transaction: Transaction, prediction_id: str, now: Collection[Part], gone: Collection[Part]
) -> None:
    if {Part.LOGS, Part.OUTPUTS} <= set(gone):
        events.forget(transaction, [prediction_id])
    elif Part.LOGS in now:
        events.forget_all_that(transaction, prediction_id, _is_log)
    elif Part.OUTPUTS in now:
        events.forget_all_that(transaction, prediction_id, lambda kind: not _is_log(kind))


def _is_log(kind: Kind) -> bool:
    return kind is Kind.LOG

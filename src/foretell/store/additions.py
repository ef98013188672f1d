"""Additions: written as they go on, so that every API can tell how far they are."""

from __future__ import annotations

import msgspec

from foretell.addition import Addition, State, Step, Work
from foretell.store.database import Connection, Row, Transaction

KEPT_MAX = 1_000
"""Additions that are kept, the newest ones."""

_COLUMNS = """id, kind, account_id, source, model, version_id, prediction_id, state, steps, error, log, created_at,
              updated_at"""
_steps = msgspec.json.Decoder(tuple[Step, ...])


def begin(transaction: Transaction, addition: Addition) -> None:
    """Writes down that somebody works on it, and forgets the oldest where there are too many."""
    transaction.insert("additions", _COLUMNS, [_row(addition, transaction.at)])
    transaction.write(
        """DELETE FROM additions WHERE state <> 'running' AND id IN
               (SELECT id FROM additions ORDER BY id DESC LIMIT 100 OFFSET ?)""",
        (KEPT_MAX,),
    )


def write(transaction: Transaction, addition: Addition) -> bool:
    """Writes how far it is; False means that somebody else has ended it, and nothing was written."""
    id_, _, _, _, model, version_id, prediction_id, state, steps, error, log, _, _ = _row(addition, 0)
    done = transaction.execute(
        """UPDATE additions SET model = ?, version_id = ?, prediction_id = ?, state = ?, steps = ?, error = ?,
           log = ?, updated_at = ? WHERE id = ? AND state = 'running' RETURNING id""",
        (model, version_id, prediction_id, state, steps, error, log, transaction.at, id_),
    )
    return bool(done)


def cancel(transaction: Transaction, addition_id: str) -> bool:
    """Ends it from outside; False when it has ended already."""
    done = transaction.execute(
        "UPDATE additions SET state = 'canceled', updated_at = ? WHERE id = ? AND state = 'running' RETURNING id",
        (transaction.at, addition_id),
    )
    return bool(done)


def of_id(connection: Connection, addition_id: str) -> Addition | None:
    found = connection.execute(f"SELECT {_COLUMNS} FROM additions WHERE id = ?", (addition_id,))
    return _addition(found[0]) if found else None


def newest(connection: Connection, model: str | None, version_id: str | None, limit: int) -> list[Addition]:
    """The newest first: of a model, of a version of it, or any."""
    asked = [("model = ?", model), ("version_id = ?", version_id)]
    named = [(text, value) for text, value in asked if value is not None]
    where = f"WHERE {' AND '.join(text for text, _ in named)}" if named else ""
    sql = f"SELECT {_COLUMNS} FROM additions {where} ORDER BY id DESC LIMIT ?"
    return [_addition(row) for row in connection.execute(sql, [*(value for _, value in named), limit])]


def abandoned(transaction: Transaction, silent_seconds: float) -> list[Addition]:
    """Those that nobody has worked on for so long, by the database's clock."""
    before = transaction.at - int(silent_seconds * 1_000_000)
    sql = f"SELECT {_COLUMNS} FROM additions WHERE state = 'running' AND updated_at <= ? ORDER BY id"
    return [_addition(row) for row in transaction.execute(sql, (before,))]


def _row(addition: Addition, at: int) -> tuple[str | int | None, ...]:
    return (
        addition.id,
        addition.work,
        addition.account_id,
        addition.source,
        addition.model,
        addition.version_id,
        addition.prediction_id,
        addition.state,
        msgspec.json.encode(addition.steps).decode(),
        addition.error,
        addition.log.replace("\0", ""),
        addition.created_at,
        at,
    )


def _addition(row: Row) -> Addition:
    return Addition(
        id=row[0],
        work=Work(row[1]),
        account_id=row[2],
        source=row[3],
        model=row[4],
        version_id=row[5],
        prediction_id=row[6],
        state=State(row[7]),
        steps=_steps.decode(row[8]),
        error=row[9],
        log=row[10],
        created_at=row[11],
        updated_at=row[12],
    )

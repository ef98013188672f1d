"""Who did what, in the order in which it was done."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.audit import Action, Deed, Done
from foretell.ids import new_id
from foretell.store.database import Connection, Row, Transaction, Value

KEPT_MAX = 1_000_000
"""Deeds that are kept at most, whatever their age."""
FORGOTTEN_AT_ONCE_MAX = 1_000

_COLUMNS = "id, at, account_id, key_id, action, subject, request_id, address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deeds are asked for, newest first: those `before` another one, by its id."""

    account_id: str | None = None
    action: Action | None = None
    before: str | None = None
    limit: int = 50


def write(transaction: Transaction, deed: Deed) -> None:
    """Writes down what was done in this transaction."""
    said = (deed.account_id, deed.key_id, deed.action, deed.subject, deed.request_id, deed.address)
    transaction.insert("audit", _COLUMNS, [(new_id(), transaction.at, *said)])


def page(connection: Connection, wanted: Wanted) -> list[Done]:
    asked: list[tuple[str, Value]] = [
        ("account_id = ?", wanted.account_id),
        ("action = ?", wanted.action),
        ("id < ?", wanted.before),
    ]
    named = [(text, value) for text, value in asked if value is not None]
    where = f"WHERE {' AND '.join(text for text, _ in named)}" if named else ""
    sql = f"SELECT {_COLUMNS} FROM audit {where} ORDER BY id DESC LIMIT ?"
    return [_done(row) for row in connection.execute(sql, [*(value for _, value in named), wanted.limit])]


def forget(transaction: Transaction, before: int, kept_max: int) -> int:
    """Takes away the oldest that were done `before` that instant or are too many; how many, a thousand at most."""
    oldest = f"SELECT id FROM audit ORDER BY id LIMIT {FORGOTTEN_AT_ONCE_MAX}"
    gone = transaction.execute(f"DELETE FROM audit WHERE id IN ({oldest}) AND at < ? RETURNING id", (before,))
    surplus = int(transaction.execute("SELECT COUNT(*) FROM audit")[0][0]) - kept_max
    if surplus > 0 and not gone:
        first = f"SELECT id FROM audit ORDER BY id LIMIT {min(surplus, FORGOTTEN_AT_ONCE_MAX)}"
        gone = transaction.execute(f"DELETE FROM audit WHERE id IN ({first}) RETURNING id")
    return len(gone)


def _done(row: Row) -> Done:
    id_, at, account_id, key_id, action, subject, request_id, address = row
    deed = Deed(
        account_id=account_id,
        key_id=key_id,
        action=Action(action),
        subject=subject,
        request_id=request_id,
        address=address,
    )
    return Done(id_, at, deed)

"""File rows. The bytes lie in the blobs; a row outlives them until they are erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foretell.file import File, Purpose, Uploads
from foretell.store.database import Connection, Row, Transaction, Value, marks

_COLUMNS = (
    "id, account_id, prediction_id, purpose, name, content_type, size_bytes, sha256, created_at, removed_at, "
    "given_name, given_purpose"
)
_LISTED = "purpose = 'upload' AND deleted_at IS NULL AND removed_at IS NULL AND coming = 0"
ERASE = "erase"
"""The topic that says that there are bytes to be erased."""
HAS_BYTES = """(removed_at IS NULL AND deleted_at IS NULL AND coming = 0 AND (prediction_id IS NULL OR EXISTS (
    SELECT 1 FROM predictions WHERE predictions.id = files.prediction_id AND status = 'succeeded')))"""
"""Of a file: its bytes have to be there. Those of a run that goes on may still come."""
COMING_SECONDS = 3_600
"""Bytes that were on their way this long ago have come, or never will."""


def insert(transaction: Transaction, files: Iterable[File], *, unless: str = "") -> None:
    """`unless` names the column by which one that is there already is left alone."""
    transaction.insert("files", _COLUMNS, [_row(each) for each in files], unless=unless)


def announce_upload(transaction: Transaction, file: File) -> None:
    """Writes the row of an upload that nobody sees yet; it is given up for dead unless it is settled in time."""
    erase_at = transaction.at + COMING_SECONDS * 1_000_000
    transaction.insert("files", f"{_COLUMNS}, coming, erase_at", [(*_row(file), 1, erase_at)])


def settle_upload(transaction: Transaction, file: File, *, lent_seconds: float | None) -> bool:
    """The bytes have come: from now on it is an upload. False when it was given up before.

    `lent_seconds`: how long at most it is needed by the one request that it is for; it is deleted then.
    """
    erase_at = None if lent_seconds is None else transaction.at + int(lent_seconds * 1_000_000)
    found = transaction.execute(
        """UPDATE files SET coming = 0, erase_at = ?, given_purpose = ?
           WHERE id = ? AND coming = 1 AND deleted_at IS NULL RETURNING id""",
        (erase_at, file.given_purpose, file.id),
    )
    return bool(found)


def drop_outputs(transaction: Transaction, prediction_ids: Sequence[str]) -> None:
    """Hides what attempts that did not end well have given; the blobs are erased, those that come late too."""
    if not prediction_ids:
        return
    dropped = transaction.execute(
        f"""UPDATE files SET deleted_at = ?, erase_at = ?, coming = 1
            WHERE prediction_id IN ({marks(len(prediction_ids))}) AND deleted_at IS NULL RETURNING id""",
        (transaction.at, transaction.at, *prediction_ids),
    )
    if dropped:
        transaction.tell(ERASE)


def bury(transaction: Transaction, prediction_ids: Sequence[str]) -> None:
    """Hides every file of deleted predictions at once; their blobs are erased next."""
    transaction.write(
        f"""UPDATE files SET deleted_at = ?, erase_at = ?
            WHERE prediction_id IN ({marks(len(prediction_ids))}) AND deleted_at IS NULL""",
        (transaction.at, transaction.at, *prediction_ids),
    )
    transaction.tell(ERASE)


def delete(transaction: Transaction, file_id: str) -> None:
    """Hides the file at once; its blob is erased next."""
    transaction.write(
        "UPDATE files SET deleted_at = ?, erase_at = ? WHERE id = ? AND deleted_at IS NULL",
        (transaction.at, transaction.at, file_id),
    )
    transaction.tell(ERASE)


def remove(transaction: Transaction, *, ids: Sequence[str] = (), prediction_ids: Sequence[str] = ()) -> None:
    """Takes away all of the files but that they were there; their blobs are erased next."""
    for column, values in (("id", ids), ("prediction_id", prediction_ids)):
        if values:
            transaction.write(
                f"""UPDATE files SET removed_at = ?, erase_at = ?, name = '', sha256 = '', given_name = NULL,
                    given_purpose = NULL
                    WHERE {column} IN ({marks(len(values))}) AND removed_at IS NULL AND deleted_at IS NULL""",
                (transaction.at, transaction.at, *values),
            )
    transaction.tell(ERASE)


def orphans(transaction: Transaction, limit: int) -> list[File]:
    """Files whose bytes are to be erased now; nobody reads them from here on, also those that were given up."""
    sql = f"""SELECT {_COLUMNS} FROM files WHERE erase_at IS NOT NULL AND erase_at <= ?
              ORDER BY erase_at, id LIMIT ?"""
    found = [_file(row) for row in transaction.execute(sql, (transaction.at, limit))]
    if found:
        transaction.write(
            f"""UPDATE files SET deleted_at = ? WHERE id IN ({marks(len(found))})
                AND deleted_at IS NULL AND removed_at IS NULL""",
            (transaction.at, *(each.id for each in found)),
        )
    return found


def erased(transaction: Transaction, ids: Sequence[str]) -> None:
    """Their blobs are gone: so are the rows of deleted files, while removed ones stay to say so.

    What may still come stays too, to be erased once more.
    """
    if not ids:
        return
    at, these = transaction.at, f"id IN ({marks(len(ids))})"
    transaction.write(
        f"UPDATE files SET erased_at = ?, erase_at = ? WHERE {these} AND coming = 1 AND erased_at IS NULL",
        (at, at + COMING_SECONDS * 1_000_000, *ids),
    )
    due = f"{these} AND erase_at IS NOT NULL AND erase_at <= ?"
    transaction.write(f"DELETE FROM files WHERE {due} AND deleted_at IS NOT NULL", (*ids, at))
    transaction.write(f"UPDATE files SET erased_at = ?, erase_at = NULL WHERE {due}", (at, *ids, at))


def between(connection: Connection, first: str, beyond: str) -> list[tuple[str, bool]]:
    """The ids of all files from `first` to before `beyond`, each with whether its bytes have to be there."""
    sql = f"SELECT id, {HAS_BYTES} FROM files WHERE id >= ? AND id < ? ORDER BY id"
    return [(row[0], bool(row[1])) for row in connection.execute(sql, (first, beyond))]


def is_copied(connection: Connection) -> bool:
    """Whether somebody who may be on another machine copies the files."""
    return bool(connection.execute("SELECT $is_copied")[0][0])


def of_id(connection: Connection, file_id: str) -> File | None:
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM files WHERE id = ? AND deleted_at IS NULL AND coming = 0", (file_id,)
    )
    return _file(found[0]) if found else None


def of_prediction(connection: Connection, prediction_id: str) -> list[File]:
    sql = (
        f"SELECT {_COLUMNS} FROM files WHERE prediction_id = ? AND deleted_at IS NULL ORDER BY created_at, id"
    )
    return [_file(row) for row in connection.execute(sql, (prediction_id,))]


def uploads(connection: Connection, wanted: Uploads) -> list[File]:
    claims, values = _claims(wanted)
    if wanted.after is not None:
        claims.append(f"(created_at, id) {'>' if wanted.is_oldest_first else '<'} (?, ?)")
        values += wanted.after
    order = "ASC" if wanted.is_oldest_first else "DESC"
    sql = f"""SELECT {_COLUMNS} FROM files WHERE {" AND ".join(claims)}
              ORDER BY created_at {order}, id {order} LIMIT ? OFFSET ?"""
    return [_file(row) for row in connection.execute(sql, (*values, wanted.limit, wanted.offset))]


def count_uploads(connection: Connection, wanted: Uploads) -> int:
    claims, values = _claims(wanted)
    (row,) = connection.execute(f"SELECT count(*) FROM files WHERE {' AND '.join(claims)}", values)
    return int(row[0])


def _claims(wanted: Uploads) -> tuple[list[str], list[Value]]:
    """What holds of each upload that is wanted, wherever the list begins."""
    claims: list[str] = [_LISTED]
    values: list[Value] = []
    if wanted.account_id is not None:
        claims.append("account_id = ?")
        values.append(wanted.account_id)
    if wanted.given_purpose is not None:
        claims.append("given_purpose = ?")
        values.append(wanted.given_purpose)
    return claims, values


def _row(file: File) -> tuple[str | int | None, ...]:
    return (
        file.id,
        file.account_id,
        file.prediction_id,
        file.purpose,
        file.name,
        file.content_type,
        file.size_bytes,
        file.sha256,
        file.created_at,
        file.removed_at,
        file.given_name,
        file.given_purpose,
    )


def _file(row: Row) -> File:
    return File(
        id=row[0],
        account_id=row[1],
        prediction_id=row[2],
        purpose=Purpose(row[3]),
        name=row[4],
        content_type=row[5],
        size_bytes=row[6],
        sha256=row[7],
        created_at=row[8],
        removed_at=row[9],
        given_name=row[10],
        given_purpose=row[11],
    )

"""File rows. The bytes lie in the blobs; a row outlives them until they are erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foretell.file import File, Purpose, Uploads
from foretell.store.database import Connection, Row, Transaction, Value, marks

_COLUMNS = (
    "id, account_id, prediction_id, purpose, name, content_type, size_bytes, sha256, created_at, removed_at, "
    "given_name, given_purpose"
)
_LISTED = "purpose = 'upload' AND deleted_at IS NULL AND removed_at IS NULL"


def insert(transaction: Transaction, files: Iterable[File]) -> None:
    transaction.insert("files", _COLUMNS, [_row(each) for each in files])


def announce(transaction: Transaction, files: Iterable[File]) -> None:
    """Writes rows, some of which may be there already."""
    transaction.insert("files", _COLUMNS, [_row(each) for each in files], unless="id")


def drop_outputs(transaction: Transaction, prediction_ids: Sequence[str]) -> None:
    """Hides what attempts that did not end well have given; the blobs are erased later."""
    if not prediction_ids:
        return
    transaction.execute(
        f"""UPDATE files SET deleted_at = ?
            WHERE prediction_id IN ({marks(len(prediction_ids))}) AND deleted_at IS NULL""",
        (transaction.at, *prediction_ids),
    )


def delete(transaction: Transaction, file_id: str) -> None:
    """Hides the file at once; its blob is erased later."""
    transaction.execute(
        "UPDATE files SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", (transaction.at, file_id)
    )


def erased(transaction: Transaction, ids: Sequence[str]) -> None:
    """Their blobs are gone: so are the rows of deleted files, while removed ones stay to say so."""
    if not ids:
        return
    transaction.execute(f"DELETE FROM files WHERE id IN ({marks(len(ids))}) AND deleted_at IS NOT NULL", ids)
    transaction.execute(
        f"UPDATE files SET erased_at = ? WHERE id IN ({marks(len(ids))})", (transaction.at, *ids)
    )


def of_id(connection: Connection, file_id: str) -> File | None:
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM files WHERE id = ? AND deleted_at IS NULL", (file_id,)
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


def orphans(connection: Connection, limit: int) -> list[File]:
    """Files whose blob nobody may read any more and is not known to be erased."""
    sql = f"""SELECT {_COLUMNS} FROM files
              WHERE erased_at IS NULL AND (removed_at IS NOT NULL OR deleted_at IS NOT NULL)
              ORDER BY id LIMIT ?"""
    return [_file(row) for row in connection.execute(sql, (limit,))]


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

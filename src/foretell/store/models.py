"""Registered versions, and which of them is current under each model's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from foretell.model import Manifest, Version
from foretell.store.database import Connection, Row, Transaction
from foretell.store.rows import decoded, encoded

_COLUMNS = "id, manifest, input_schema, output_schema, streaming, offline_reason, created_at"
_manifest = msgspec.json.Decoder(Manifest)


@dataclass(frozen=True, slots=True)
class Listed:
    """A version that can be asked for; since when it is, or was, what its model's name means."""

    version: Version
    current_at: int | None
    is_current: bool


def register(transaction: Transaction, version: Version, *, current: bool) -> None:
    """Writes a version, again if need be, and makes it the one its name means when `current`."""
    _write(transaction, version)
    if current:
        _point(transaction, version.model, version.id)
    transaction.tell("models")


def try_out(transaction: Transaction, version: Version) -> bool:
    """Writes a version that nobody can ask for yet; False when it is known to load, and nothing was written."""
    sql = "SELECT 1 FROM versions WHERE id = ? AND tried_at IS NOT NULL AND removed_at IS NULL"
    if transaction.execute(sql, (version.id,)):
        return False
    _write(transaction, version)
    transaction.write("UPDATE versions SET tried_at = NULL, removed_at = NULL WHERE id = ?", (version.id,))
    return True


def accept(transaction: Transaction, version: Version) -> None:
    """It loads: from now on its model's name means it."""
    _write(transaction, version)
    sql = "UPDATE versions SET tried_at = ?, removed_at = NULL WHERE id = ?"
    transaction.write(sql, (transaction.at, version.id))
    _point(transaction, version.model, version.id)
    transaction.tell("models")


def withdraw(transaction: Transaction, version_id: str) -> bool:
    """Forgets a version that was only tried; False when it is known to load, and nothing was written."""
    sql = "DELETE FROM versions WHERE id = ? AND tried_at IS NULL RETURNING id"
    return bool(transaction.execute(sql, (version_id,)))


def go_back(transaction: Transaction, name: str, version_id: str) -> bool:
    """Makes another version current; False when there is none of that id, and nothing was written."""
    sql = "SELECT 1 FROM versions WHERE id = ? AND model = ? AND tried_at IS NOT NULL AND removed_at IS NULL"
    if not transaction.execute(sql, (version_id, name)):
        return False
    _point(transaction, name, version_id)
    transaction.tell("models")
    return True


def remove(transaction: Transaction, version_ids: Sequence[str]) -> None:
    """Nobody can ask for these any more; a name that meant one of them means nothing."""
    for each in version_ids:
        transaction.write("UPDATE versions SET removed_at = ? WHERE id = ?", (transaction.at, each))
        transaction.write("DELETE FROM models WHERE version_id = ?", (each,))
    transaction.tell("models")


def unneeded(connection: Connection) -> list[Version]:
    """Versions that were removed and that no prediction waits for or runs on."""
    sql = f"""SELECT {_COLUMNS} FROM versions WHERE removed_at IS NOT NULL AND NOT EXISTS
              (SELECT 1 FROM predictions WHERE predictions.version_id = versions.id AND completed_at IS NULL)"""
    return [_version(row) for row in connection.execute(sql)]


def forget(transaction: Transaction, version_id: str) -> None:
    """Takes a removed version's row away."""
    sql = """DELETE FROM versions WHERE id = ? AND removed_at IS NOT NULL
             AND id NOT IN (SELECT version_id FROM models)"""
    transaction.write(sql, (version_id,))


def set_offline(transaction: Transaction, version_id: str, reason: str | None) -> None:
    """Says why a version cannot run, or that it can."""
    sql = "UPDATE versions SET offline_reason = ? WHERE id = ?"
    transaction.write(sql, (reason, version_id))
    transaction.tell("models")


def _point(transaction: Transaction, name: str, version_id: str) -> None:
    sql = """INSERT INTO models (name, version_id) VALUES (?, ?)
             ON CONFLICT (name) DO UPDATE SET version_id = excluded.version_id"""
    transaction.write(sql, (name, version_id))
    transaction.write("UPDATE versions SET current_at = ? WHERE id = ?", (transaction.at, version_id))


def _write(transaction: Transaction, version: Version) -> None:
    transaction.write(
        """INSERT INTO versions
               (id, model, manifest, input_schema, output_schema, streaming, offline_reason, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET model = excluded.model,
           manifest = excluded.manifest, input_schema = excluded.input_schema, output_schema = excluded.output_schema,
           streaming = excluded.streaming, offline_reason = excluded.offline_reason""",
        (
            version.id,
            version.model,
            encoded(version.manifest),
            encoded(version.input_schema),
            encoded(version.output_schema),
            int(version.streaming),
            version.offline_reason,
            version.created_at,
        ),
    )


def retire(transaction: Transaction, names: Sequence[str]) -> None:
    """These names mean no version any more; predictions keep theirs."""
    for name in names:
        transaction.write("DELETE FROM models WHERE name = ?", (name,))
    transaction.tell("models")


def current_versions(connection: Connection) -> list[Version]:
    sql = f"SELECT {_COLUMNS} FROM versions WHERE id IN (SELECT version_id FROM models) ORDER BY model, id"
    return [_version(row) for row in connection.execute(sql)]


def listed(connection: Connection, model: str | None) -> list[Listed]:
    """The versions that can be asked for, of a model or of all, those that became current last first."""
    where, values = ("", ()) if model is None else ("AND model = ?", (model,))
    sql = f"""SELECT {_COLUMNS}, current_at, id IN (SELECT version_id FROM models) FROM versions
              WHERE tried_at IS NOT NULL AND removed_at IS NULL {where}
              ORDER BY model, COALESCE(current_at, 0) DESC, created_at DESC, id"""
    return [Listed(_version(row), row[7], bool(row[8])) for row in connection.execute(sql, values)]


def known_ids(connection: Connection) -> set[str]:
    """Every version that has a row, also one that is tried or was removed."""
    return {row[0] for row in connection.execute("SELECT id FROM versions")}


def of_id(connection: Connection, version_id: str) -> Version | None:
    found = connection.execute(f"SELECT {_COLUMNS} FROM versions WHERE id = ?", (version_id,))
    return _version(found[0]) if found else None


def _version(row: Row) -> Version:
    return Version(
        id=row[0],
        manifest=_manifest.decode(row[1]),
        input_schema=decoded(row[2]),
        output_schema=decoded(row[3]),
        streaming=bool(row[4]),
        offline_reason=row[5],
        created_at=row[6],
    )

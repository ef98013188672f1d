"""Registered versions, and which of them is current under each model's name."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from foretell.model import Manifest, Version
from foretell.store.database import Connection, Row, Transaction
from foretell.store.rows import decoded, encoded

_COLUMNS = "id, manifest, input_schema, output_schema, streaming, offline_reason, created_at"
_manifest = msgspec.json.Decoder(Manifest)


def register(transaction: Transaction, version: Version, *, current: bool) -> None:
    """Writes a version, again if need be, and makes it the one its name means when `current`."""
    transaction.execute(
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
    if current:
        transaction.execute(
            """INSERT INTO models (name, version_id) VALUES (?, ?)
               ON CONFLICT (name) DO UPDATE SET version_id = excluded.version_id""",
            (version.model, version.id),
        )
    transaction.tell("models")


def retire(transaction: Transaction, names: Sequence[str]) -> None:
    """These names mean no version any more; predictions keep theirs."""
    for name in names:
        transaction.execute("DELETE FROM models WHERE name = ?", (name,))
    transaction.tell("models")


def current_versions(connection: Connection) -> list[Version]:
    sql = f"SELECT {_COLUMNS} FROM versions WHERE id IN (SELECT version_id FROM models) ORDER BY model, id"
    return [_version(row) for row in connection.execute(sql)]


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

"""The numbered migrations: which there are, which a database has, and how the missing ones are applied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

import foretell
from foretell.errors import Code, Error
from foretell.store.database import Connection, Transaction

_SERVES = re.compile(r"^-- serves: (\d+\.\d+\.\d+)$", re.MULTILINE)
_LEDGER = """CREATE TABLE IF NOT EXISTS migrations (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, serves TEXT NOT NULL, applied_at BIGINT NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. `serves` is the oldest code that still works once it is applied."""

    number: int
    name: str
    serves: str
    sql: str


def migrations() -> list[Migration]:
    """Every migration this code brings, in order."""
    folder = resources.files("foretell.store") / "migrations"
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".sql"))
    return [_read(name, (folder / name).read_text()) for name in names]


def applied(connection: Connection) -> dict[int, str]:
    """Number → oldest code it serves, for each migration the database has. The ledger table must be there."""
    return dict(connection.execute("SELECT number, serves FROM migrations"))


def founded_at(connection: Connection) -> int:
    """When the database was made."""
    return int(connection.execute("SELECT MIN(applied_at) FROM migrations")[0][0])


def begin_ledger(connection: Connection) -> None:
    connection.execute(_LEDGER)


def missing(connection: Connection) -> list[Migration]:
    """What the database still needs. Raises Error(UNAVAILABLE) when it is too new for this code."""
    return lacking(applied(connection))


def lacking(done: dict[int, str]) -> list[Migration]:
    """What a database with these migrations still needs. Raises Error(UNAVAILABLE) when it is too new for this code."""
    ours = migrations()
    known = {each.number for each in ours}
    for number, serves in done.items():
        if number not in known and _parts(serves) > _parts(foretell.__version__):
            raise Error(
                Code.UNAVAILABLE,
                f"The database is at migration {number}, which needs Foretell {serves} or newer.",
            )
    return [each for each in ours if each.number not in done]


def apply(transaction: Transaction, found: list[Migration]) -> None:
    """Applies `found` and writes them down, all in the transaction."""
    for migration in found:
        for statement in _statements(migration.sql):
            transaction.write(statement)
        row = (migration.number, migration.name, migration.serves, transaction.at)
        transaction.insert("migrations", "number, name, serves, applied_at", [row])


def _read(name: str, sql: str) -> Migration:
    serves = _SERVES.search(sql)
    if serves is None:
        raise ValueError(f"{name} does not say which code it serves")
    number, _, title = name.removesuffix(".sql").partition("_")
    return Migration(int(number), title, serves[1], sql)


def _statements(sql: str) -> list[str]:
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    return [each.strip() for each in "\n".join(lines).split(";\n") if each.strip()]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])

"""Nodes that live, what they hold, and the replicas they own."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from foretell.prediction import Hold
from foretell.store.database import Connection, Row, Transaction
from foretell.store.rows import decoded, encoded


class Readiness(StrEnum):
    """How far a replica is."""

    WANTED = "wanted"
    FETCHING = "fetching"
    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """A node as it last said it lives. `incarnation` is new at each start; `seen_at` is set by the store."""

    id: str
    incarnation: str
    address: str | None = None
    hardware: dict[str, Any] = field(default_factory=dict)
    seen_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaState:
    """A replica of a version on a node (its incarnation). `fraction` (0–1) is how far fetching or loading is."""

    id: str
    version_id: str
    node: str
    state: Readiness
    fraction: float | None = None
    pid: int | None = None
    memory_mb: int | None = None


_COMING = (Readiness.WANTED, Readiness.FETCHING, Readiness.LOADING)
_REPLICA = "id, version_id, node, state, fraction, pid, memory_mb"


def heartbeat(transaction: Transaction, node: NodeState) -> list[Hold]:
    """Says that the node lives; gives the holds it still has."""
    transaction.execute(
        """INSERT INTO nodes (id, incarnation, address, hardware, seen_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation, address = excluded.address,
           hardware = excluded.hardware, seen_at = excluded.seen_at""",
        (node.id, node.incarnation, node.address, encoded(node.hardware), transaction.at),
    )
    return holds_of(transaction.connection, node.incarnation)


def holds_of(connection: Connection, node: str) -> list[Hold]:
    found = connection.execute(
        "SELECT id, node, attempt FROM predictions WHERE node = ? ORDER BY id", (node,)
    )
    return [Hold(*row) for row in found]


def all_nodes(connection: Connection) -> list[NodeState]:
    found = connection.execute("SELECT id, incarnation, address, hardware, seen_at FROM nodes ORDER BY id")
    return [
        NodeState(id=row[0], incarnation=row[1], address=row[2], hardware=decoded(row[3]), seen_at=row[4])
        for row in found
    ]


def living(connection: Connection, within_seconds: float) -> list[NodeState]:
    """The nodes that were heard of within so long before the last that was: no clock but theirs is asked."""
    found = all_nodes(connection)
    newest = max((each.seen_at for each in found), default=0)
    return [each for each in found if each.seen_at >= newest - within_seconds * 1_000_000]


def replica(transaction: Transaction, row: ReplicaState) -> bool:
    """Writes a replica down; False when another of the version is on its way on that node, and nothing was written."""
    if row.state in _COMING and _another_is_coming(transaction, row):
        return False
    transaction.execute(
        f"""INSERT INTO replicas ({_REPLICA}, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, fraction = excluded.fraction, pid = excluded.pid,
            memory_mb = excluded.memory_mb, updated_at = excluded.updated_at""",
        (row.id, row.version_id, row.node, row.state, row.fraction, row.pid, row.memory_mb, transaction.at),
    )
    return True


def replicas(connection: Connection, node: str | None) -> list[ReplicaState]:
    """A node's replicas, or everybody's, dead ones too."""
    where, values = ("", ()) if node is None else ("WHERE node = ?", (node,))
    return [
        _replica(row)
        for row in connection.execute(f"SELECT {_REPLICA} FROM replicas {where} ORDER BY id", values)
    ]


def _another_is_coming(transaction: Transaction, row: ReplicaState) -> bool:
    sql = """SELECT 1 FROM replicas WHERE version_id = ? AND node = ? AND id <> ?
             AND state IN ('wanted', 'fetching', 'loading')"""
    return bool(transaction.execute(sql, (row.version_id, row.node, row.id)))


def _replica(row: Row) -> ReplicaState:
    return ReplicaState(
        id=row[0],
        version_id=row[1],
        node=row[2],
        state=Readiness(row[3]),
        fraction=row[4],
        pid=row[5],
        memory_mb=row[6],
    )

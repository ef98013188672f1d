"""Nodes that live, what they hold, and the replicas they own."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from foretell.prediction import Hold
from foretell.store.database import Connection, Row, Transaction, Value
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
    """A node as it last said it lives. `incarnation` is new at each start.

    The store sets `seen_at`, and since when it takes nothing because an operator said so.
    """

    id: str
    incarnation: str
    address: str | None = None
    hardware: dict[str, Any] = field(default_factory=dict)
    seen_at: int = 0
    drained_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a replica has done and holds, as of its node's last look.

    `gpus` are the machine's that it has; `line` is what is being installed for it; `run_seconds` is how long its
    latest runs took, None before the first; memory is the most that it held on one GPU. `used_at`: when it last ran.
    """

    capacity: int = 1
    gpus: tuple[int, ...] = ()
    gpu_memory_mb: int | None = None
    line: str = ""
    load_seconds: float | None = None
    run_seconds: float | None = None
    runs: int = 0
    running: int = 0
    used_at: int | None = None


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
    facts: Facts = Facts()


DEAD_KEPT_SECONDS = 3_600
_COMING = (Readiness.WANTED, Readiness.FETCHING, Readiness.LOADING)
_REPLICA = "id, version_id, node, state, fraction, pid, memory_mb, facts"
_facts = msgspec.json.Decoder(Facts)


def heartbeat(transaction: Transaction, node: NodeState) -> list[Hold]:
    """Says that the node lives; gives the holds it still has."""
    transaction.write(
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
    sql = "SELECT id, incarnation, address, hardware, seen_at, drained_at FROM nodes ORDER BY id"
    return [
        NodeState(
            id=row[0],
            incarnation=row[1],
            address=row[2],
            hardware=decoded(row[3]),
            seen_at=row[4],
            drained_at=row[5],
        )
        for row in connection.execute(sql)
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
    transaction.write(
        f"""INSERT INTO replicas ({_REPLICA}, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, fraction = excluded.fraction, pid = excluded.pid,
            memory_mb = excluded.memory_mb, facts = excluded.facts, updated_at = excluded.updated_at""",
        (*_written(row), transaction.at),
    )
    if row.state is Readiness.DEAD:
        _forget_dead(transaction, row)
    return True


def _forget_dead(transaction: Transaction, row: ReplicaState) -> None:
    """What a version's replicas took is asked of the newest; the others would pile up."""
    sql = "DELETE FROM replicas WHERE version_id = ? AND node = ? AND state = 'dead' AND updated_at < ?"
    before = transaction.at - DEAD_KEPT_SECONDS * 1_000_000
    transaction.write(sql, (row.version_id, row.node, before))


def replicas(connection: Connection, node: str | None) -> list[ReplicaState]:
    """A node's replicas, or everybody's, dead ones too."""
    where, values = ("", ()) if node is None else ("WHERE node = ?", (node,))
    return [
        _replica(row)
        for row in connection.execute(f"SELECT {_REPLICA} FROM replicas {where} ORDER BY id", values)
    ]


def replicas_of(connection: Connection, version_id: str) -> list[ReplicaState]:
    """A version's, on every node, dead ones too, the newest last."""
    sql = f"SELECT {_REPLICA} FROM replicas WHERE version_id = ? ORDER BY id"
    return [_replica(row) for row in connection.execute(sql, (version_id,))]


def _another_is_coming(transaction: Transaction, row: ReplicaState) -> bool:
    sql = """SELECT 1 FROM replicas WHERE version_id = ? AND node = ? AND id <> ?
             AND state IN ('wanted', 'fetching', 'loading')"""
    return bool(transaction.execute(sql, (row.version_id, row.node, row.id)))


def _written(row: ReplicaState) -> tuple[Value, ...]:
    known = (row.id, row.version_id, row.node, row.state, row.fraction, row.pid, row.memory_mb)
    return (*known, encoded(row.facts))


def _replica(row: Row) -> ReplicaState:
    return ReplicaState(
        id=row[0],
        version_id=row[1],
        node=row[2],
        state=Readiness(row[3]),
        fraction=row[4],
        pid=row[5],
        memory_mb=row[6],
        facts=Facts() if row[7] is None else _facts.decode(row[7]),
    )

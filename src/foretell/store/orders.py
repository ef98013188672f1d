"""What operators want of nodes, replicas and models, for nodes to read: they act at the next heartbeat."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.store.database import Connection, Transaction

ORDERS = "orders"
"""The topic that says that somebody wants something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a node is to do: take nothing more, unload these replicas, leave predictions of these models waiting."""

    is_drained: bool = False
    unload: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()


def orders(connection: Connection, node: str) -> Orders:
    """Those for a node, by its incarnation."""
    drained = connection.execute(
        "SELECT 1 FROM nodes WHERE incarnation = ? AND drained_at IS NOT NULL", (node,)
    )
    unload = connection.execute(
        "SELECT id FROM replicas WHERE node = ? AND unload_at IS NOT NULL AND state <> 'dead'", (node,)
    )
    return Orders(
        is_drained=bool(drained),
        unload=frozenset(row[0] for row in unload),
        paused=frozenset(pauses(connection)),
    )


def pauses(connection: Connection) -> dict[str, int]:
    """The models that are paused, and since when."""
    return dict(connection.execute("SELECT model, paused_at FROM pauses ORDER BY model"))


def drain(transaction: Transaction, node_id: str, *, drained: bool) -> bool:
    """The node takes nothing more, or takes work again. False: there is no such node."""
    sql = "UPDATE nodes SET drained_at = CASE WHEN ? = 1 THEN COALESCE(drained_at, ?) END WHERE id = ? RETURNING id"
    found = transaction.execute(sql, (int(drained), transaction.at, node_id))
    transaction.tell(ORDERS)
    return bool(found)


def unload(transaction: Transaction, replica_id: str) -> bool:
    """The replica ends after its runs. False: there is none such that is not over."""
    sql = "UPDATE replicas SET unload_at = ? WHERE id = ? AND state NOT IN ('draining', 'dead') RETURNING id"
    found = transaction.execute(sql, (transaction.at, replica_id))
    transaction.tell(ORDERS)
    return bool(found)


def pause(transaction: Transaction, model: str, *, paused: bool) -> None:
    """The model starts nothing more, or starts again what has come meanwhile."""
    if paused:
        sql = "INSERT INTO pauses (model, paused_at) VALUES (?, ?) ON CONFLICT (model) DO NOTHING"
        transaction.write(sql, (model, transaction.at))
    else:
        transaction.write("DELETE FROM pauses WHERE model = ?", (model,))
    transaction.tell(ORDERS)

"""What happens to predictions from outside a run: deletion, rescue from lost nodes, and what a stop took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foretell.audit import Deed
from foretell.prediction import Hold, Prediction, Status, Used
from foretell.store import audit, charges, events, files, webhooks
from foretell.store.database import Transaction, marks
from foretell.store.predictions import Cancel, Release, cancel, release
from foretell.store.rows import encoded, read

RESCUED_AT_ONCE_MAX = 256


@dataclass(frozen=True, slots=True)
class Delete:
    """Somebody's wish that a prediction be forgotten; `account_id` None may delete any."""

    prediction_id: str
    account_id: str | None
    deed: Deed | None = None


@dataclass(frozen=True, slots=True)
class Rescue:
    """Whose holds are lost: every incarnation's but one, or those of nodes whose last word is still the same.

    With `silent`, the last words by incarnation, also those of incarnations that nobody knows: a node says that
    it lives before it takes anything.
    """

    but: str | None
    silent: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a run whose row had ended was made to stop."""

    prediction_id: str
    attempt: int
    stage: str
    seconds: float
    used: Used | None = None


def delete(transaction: Transaction, asked: Sequence[Delete]) -> list[Prediction | None]:
    """Ends what is live, then leaves a tombstone: the row without input, output, events, files and fingerprint."""
    found = cancel(transaction, [Cancel(each.prediction_id, each.account_id, "delete") for each in asked])
    ids = sorted(each.id for each in found if each is not None)
    if ids:
        _bury(transaction, ids)
    for each, last in zip(asked, found, strict=True):
        if each.deed is not None and last is not None:
            audit.write(transaction, each.deed)
    return found


def rescue(transaction: Transaction, asked: Sequence[Rescue]) -> list[int]:
    """Frees every row whose node is lost, counting a loss each; gives how many there were."""
    return [_rescue(transaction, each) for each in asked]


def stopped(transaction: Transaction, asked: Sequence[Stopped]) -> list[None]:
    """Writes beside ended rows which stage it took to stop their run; what a canceled one had used is charged."""
    found = read(transaction.connection, [each.prediction_id for each in asked], deleted=True)
    for each in asked:
        row = found.get(each.prediction_id)
        if row is None or not row.status.is_terminal or row.attempt != each.attempt:
            continue
        used = each.used if row.status is Status.CANCELED else None
        _charge(transaction, row, used)
        if row.deleted_at is None:
            _note(transaction, row, each, used)
            transaction.tell(f"prediction:{row.id}")
    return [None] * len(asked)


def _charge(transaction: Transaction, row: Prediction, used: Used | None) -> None:
    """Settles what was left open; what is settled stays so, whoever says what was used and how often."""
    charged = charges.settle(transaction, {row.id: 0 if used is None else used.cost_nanocredits})
    if charged.get(row.id):
        sql = "UPDATE predictions SET cost_nanocredits = ? WHERE id = ?"
        transaction.write(sql, (charged[row.id], row.id))


def _note(transaction: Transaction, row: Prediction, asked: Stopped, used: Used | None) -> None:
    metadata = {**row.metadata, "stopped_by": asked.stage, "stop_seconds": asked.seconds}
    metrics = row.metrics if used is None else row.metrics | used.metrics
    sql = "UPDATE bodies SET metadata = ?, metrics = ? WHERE prediction_id = ?"
    transaction.write(sql, (encoded(metadata), encoded(metrics) if metrics else None, row.id))


def _bury(transaction: Transaction, ids: Sequence[str]) -> None:
    at, these = transaction.at, f"({marks(len(ids))})"
    transaction.write(
        f"""UPDATE predictions SET deleted_at = ?, data_removed_at = COALESCE(data_removed_at, ?), updated_at = ?,
            input_hash = NULL WHERE id IN {these}""",
        (at, at, at, *ids),
    )
    events.forget(transaction, ids)
    files.bury(transaction, ids)
    webhooks.forget(transaction, ids)
    for each in ids:
        transaction.tell(f"prediction:{each}")


def _rescue(transaction: Transaction, asked: Rescue) -> int:
    holds = _lost_holds(transaction, asked)
    for start in range(0, len(holds), RESCUED_AT_ONCE_MAX):
        release(
            transaction, [Release(each, lost=True) for each in holds[start : start + RESCUED_AT_ONCE_MAX]]
        )
    for node in {each.node for each in holds}:
        transaction.tell(f"moved:{node}")
    if asked.but is not None:
        transaction.write("DELETE FROM replicas WHERE node <> ?", (asked.but,))
        # Nobody is left who could say what the runs had used that were being stopped.
        while charges.settle_overdue(transaction, overdue_seconds=0):
            continue
    for node, seen_at in (asked.silent or {}).items():
        _forget_node(transaction, node, seen_at)
    return len(holds)


def _forget_node(transaction: Transaction, node: str, seen_at: int) -> None:
    """Every start is a node of its own, so that their rows would pile up; one that speaks up again writes its anew."""
    sql = "DELETE FROM nodes WHERE incarnation = ? AND seen_at = ? RETURNING incarnation"
    if transaction.execute(sql, (node, seen_at)):
        transaction.write("DELETE FROM replicas WHERE node = ?", (node,))


def _lost_holds(transaction: Transaction, asked: Rescue) -> list[Hold]:
    held = "SELECT id, node, attempt FROM predictions WHERE node IS NOT NULL"
    found = []
    if asked.but is not None:
        found += transaction.execute(f"{held} AND node <> ? ORDER BY node, id $for_update", (asked.but,))
    if asked.silent is not None:
        lively = _lively(transaction, asked.silent)
        among = f" AND node NOT IN ({marks(len(lively))})" if lively else ""
        found += transaction.execute(f"{held}{among} ORDER BY node, id $for_update", lively)
    return [Hold(*row) for row in found]


def _lively(transaction: Transaction, silent: Mapping[str, int]) -> list[str]:
    """The nodes that are known, except those that have said nothing since the word that is known of them."""
    # Locked, so that who speaks up again meanwhile finds its holds gone, and not half of them.
    known = transaction.execute("SELECT incarnation, seen_at FROM nodes ORDER BY id $for_update")
    return [node for node, seen_at in known if silent.get(node) != seen_at]

"""Endpoints: how receivers have been doing, which of them are paused, and what is kept for those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

from foretell.endpoint import Endpoint, Patience, endpoint_of
from foretell.store.database import Connection, Row, Transaction, Value, marks
from foretell.webhook import Delivery

NOTED_SECONDS = 60
"""How precisely it is known when a receiver that is well was last told something."""

_STANDING = "failures, deaths, failing_since_at, paused_at, reason, probe_at, succeeded_at, failed_at"
_COLUMNS = f"id, account_id, url, {_STANDING}"
_SET = ", ".join(f"{each} = ?" for each in _STANDING.split(", "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """How an attempt at an endpoint went; `is_death`: an end's delivery was given up with it."""

    endpoint: Endpoint
    succeeded: bool
    is_death: bool
    patience: Patience


def admitted(transaction: Transaction, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Those of `deliveries` that may be tried; the others' endpoints are paused, and they are kept for them."""
    ids = {each.id: endpoint_of(each.account_id, each.url).id for each in deliveries if not each.is_forced}
    paused = _paused(transaction, sorted(set(ids.values())))
    kept = [each for each, endpoint in ids.items() if endpoint in paused]
    for each in kept:
        sql = "UPDATE deliveries SET state = 'paused', holder = NULL, endpoint = ? WHERE id = ?"
        transaction.write(sql, (ids[each], each))
    return [each for each in deliveries if each.id not in kept]


def note(transaction: Transaction, experiences: Sequence[Experience]) -> dict[str, Endpoint]:
    """Writes down how attempts went; gives the endpoints that were paused or resumed by it, by id."""
    by_id: dict[str, list[Experience]] = {}
    for each in experiences:
        by_id.setdefault(each.endpoint.id, []).append(each)
    # In one order, so that two processes that note the same endpoints never deadlock.
    changed = (_noted(transaction, by_id[each]) for each in sorted(by_id))
    return {each.id: each for each in changed if each is not None}


def resume(transaction: Transaction, endpoint_id: str, account_id: str | None) -> Endpoint | None:
    """Gives an endpoint another chance, and what was kept for it is due; None: that account has no such endpoint."""
    before = _locked(transaction, endpoint_id)
    if before is None or account_id not in {None, before.account_id}:
        return None
    after = before.resumed()
    _write(transaction, after)
    _release(transaction, after.id)
    return after


def page(
    connection: Connection, account_id: str | None, *, offset: int, limit: int
) -> tuple[list[Endpoint], int]:
    """An account's endpoints, None: everybody's; and how many there are."""
    where, values = _whose(account_id)
    sql = f"SELECT {_COLUMNS} FROM endpoints {where} ORDER BY account_id, id LIMIT ? OFFSET ?"
    found = [_endpoint(row) for row in connection.execute(sql, [*values, limit, offset])]
    total = connection.execute(f"SELECT COUNT(*) FROM endpoints {where}", values)
    return found, int(total[0][0])


def kept(connection: Connection, endpoint_ids: Sequence[str]) -> Mapping[str, int]:
    """How many deliveries are kept for each of these while it is paused."""
    if not endpoint_ids:
        return {}
    sql = f"""SELECT endpoint, COUNT(*) FROM deliveries
              WHERE state = 'paused' AND endpoint IN ({marks(len(endpoint_ids))}) GROUP BY endpoint"""
    return dict(connection.execute(sql, endpoint_ids))


def to_probe(transaction: Transaction, next_at: int) -> list[str]:
    """The paused endpoints whose turn it is, if something is kept for them; their next turn is `next_at`.

    A turn that is further away than that was written before the clock was set back.
    """
    owed = "SELECT 1 FROM deliveries WHERE deliveries.endpoint = endpoints.id AND deliveries.state = 'paused'"
    found = transaction.execute(
        f"""UPDATE endpoints SET probe_at = ?
            WHERE paused_at IS NOT NULL AND (probe_at <= ? OR probe_at > ?) AND EXISTS ({owed}) RETURNING id""",
        (next_at, transaction.at, next_at),
    )
    return [str(row[0]) for row in found]


def forget(transaction: Transaction, *, unused_since: int, limit: int) -> int:
    """Forgets endpoints that are not paused and were told nothing since then; how many."""
    oldest = "SELECT id FROM endpoints WHERE used_at < ? AND paused_at IS NULL ORDER BY used_at, id LIMIT ?"
    sql = f"DELETE FROM endpoints WHERE id IN ({oldest}) RETURNING id"
    return len(transaction.execute(sql, (unused_since, limit)))


def _paused(transaction: Transaction, ids: Sequence[str]) -> set[str]:
    if not ids:
        return set()
    # Locked, so that what is kept meanwhile is not missed by who resumes it.
    sql = f"""SELECT id FROM endpoints WHERE id IN ({marks(len(ids))}) AND paused_at IS NOT NULL
              ORDER BY id $for_update"""
    return {row[0] for row in transaction.execute(sql, ids)}


def _noted(transaction: Transaction, experiences: Sequence[Experience]) -> Endpoint | None:
    """The endpoint after these, if it was paused or resumed by them."""
    new, at = experiences[0].endpoint, transaction.at
    before = _locked(transaction, new.id) or new
    after = before
    for each in experiences:
        after = (
            after.after_success(at)
            if each.succeeded
            else after.after_failure(at, is_death=each.is_death, patience=each.patience)
        )
    if after.state is before.state and not after.failures and _is_recent(before, at):
        return None
    _write(transaction, after)
    if (before.paused_at is None) is (after.paused_at is None):
        return None
    if after.paused_at is None:
        _release(transaction, after.id)
    return after


def _is_recent(endpoint: Endpoint, at: int) -> bool:
    return endpoint.succeeded_at is not None and at - endpoint.succeeded_at < NOTED_SECONDS * 1_000_000


def _locked(transaction: Transaction, endpoint_id: str) -> Endpoint | None:
    sql = f"SELECT {_COLUMNS} FROM endpoints WHERE id = ? $for_update"
    found = transaction.execute(sql, (endpoint_id,))
    return _endpoint(found[0]) if found else None


def _write(transaction: Transaction, endpoint: Endpoint) -> None:
    row: tuple[Value, ...] = astuple(endpoint)
    transaction.insert("endpoints", f"{_COLUMNS}, used_at", [(*row, transaction.at)], unless="id")
    sql = f"UPDATE endpoints SET {_SET}, used_at = ? WHERE id = ?"
    transaction.write(sql, (*row[3:], transaction.at, endpoint.id))


def _release(transaction: Transaction, endpoint_id: str) -> None:
    """What was kept is due, in the order in which it came about."""
    sql = """UPDATE deliveries SET state = 'pending', next_at = created_at, since_at = created_at
             WHERE state = 'paused' AND endpoint = ?"""
    transaction.write(sql, (endpoint_id,))
    transaction.tell("deliveries")


def _whose(account_id: str | None) -> tuple[str, list[Value]]:
    return ("", []) if account_id is None else ("WHERE account_id = ?", [account_id])


def _endpoint(row: Row) -> Endpoint:
    id_, account_id, url, failures, deaths, failing_since_at, paused_at, reason, probe_at, *last = row
    return Endpoint(
        id=id_,
        account_id=account_id,
        url=url,
        failures=failures,
        deaths=deaths,
        failing_since_at=failing_since_at,
        paused_at=paused_at,
        reason=reason,
        probe_at=probe_at,
        succeeded_at=last[0],
        failed_at=last[1],
    )

"""Deliveries: what is owed to receivers, who is delivering it, and how each attempt went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foretell.endpoint import Endpoint, Patience, endpoint_of
from foretell.ids import new_id
from foretell.prediction import DASHBOARD
from foretell.store import endpoints, set_back
from foretell.store.database import Connection, Row, Transaction, marks
from foretell.store.rows import with_bodies
from foretell.webhook import TERMINAL_EVENTS, Delivery, DeliveryState, WebhookEvent

if TYPE_CHECKING:
    from foretell.prediction import Prediction

LEASE_SECONDS = 60
"""How long a courier has for a delivery it took; after that another may send it."""
ATTEMPTS_MAX = 100
"""How many attempts of a delivery are remembered: the newest."""

_NEW = (
    "id, prediction_id, account_id, key_id, event, url, state, attempts, next_at, body, signature, created_at"
)
COLUMNS = f"{_NEW}, reason, is_forced"
_QUALIFIED = ", ".join(f"deliveries.{each}" for each in COLUMNS.split(", "))
FORCED = "state = 'pending', is_forced = 1, reason = NULL, next_at = ?, since_at = ?"
"""What makes a delivery due at once, whatever its endpoint does; both instants are now."""
_UNSENT = "state IN ('pending', 'paused')"
_OWING = f"""SELECT 1 FROM deliveries
             WHERE deliveries.prediction_id = bodies.prediction_id AND {_UNSENT} AND body IS NULL"""

_FORGOTTEN = "(deleted_at IS NOT NULL OR data_removed_at IS NOT NULL OR input_hash IS NULL)"
"""Of a prediction: it was deleted, or its output or its input purged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One try: the HTTP status that came back, or what went wrong before one did, and how the answer began."""

    at: int
    status: int | None
    error: str | None
    seconds: float
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A courier's wish for up to `limit` deliveries."""

    holder: str
    limit: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes that every attempt of a delivery is to send."""

    delivery_id: str
    body: bytes
    signature: str | None


@dataclass(frozen=True, slots=True)
class Attempted:
    """A try and where the delivery stands after it; `pause_seconds` until the next one, None when there is none.

    `reason`: why it is dead. `patience`: with the endpoint, which may be paused by it; None: it was not asked.
    """

    delivery_id: str
    attempt: DeliveryAttempt
    state: DeliveryState
    pause_seconds: float | None
    reason: str | None = None
    patience: Patience | None = None


def subscribed(transaction: Transaction, predictions: Sequence[Prediction]) -> list[Prediction]:
    """Those of `predictions` that asked for webhooks, with their bodies."""
    if not predictions:
        return []
    these = marks(len(predictions))
    sql = f"SELECT prediction_id FROM bodies WHERE prediction_id IN ({these}) AND webhook IS NOT NULL"
    asked = {row[0] for row in transaction.execute(sql, [each.id for each in predictions])}
    return with_bodies(transaction.connection, [each for each in predictions if each.id in asked])


def owe(transaction: Transaction, moved: Iterable[tuple[Prediction, tuple[WebhookEvent, ...]]]) -> None:
    """Writes the delivery of each event that its prediction asked for; a second time is as good as once."""
    rows = [
        _row(prediction, event, transaction.at + order)
        for prediction, events in moved
        for order, event in enumerate(events)
        if prediction.webhook is not None and event in prediction.webhook.events
    ]
    transaction.insert("deliveries", f"{_NEW}, since_at", rows, unless="prediction_id, event")
    if rows:
        transaction.tell("deliveries")


def due(transaction: Transaction, asked: Sequence[Due]) -> list[list[Delivery]]:
    """Gives out deliveries whose time has come, the longest overdue first; what a paused endpoint is owed is kept."""
    set_back.begin_pauses_anew(transaction)
    return [endpoints.admitted(transaction, _due(transaction, each)) for each in asked]


def rendered(transaction: Transaction, asked: Sequence[Rendered]) -> list[tuple[bytes, str | None]]:
    """The bytes to send: those that were written first."""
    return [_rendered(transaction, each) for each in asked]


def attempted(transaction: Transaction, asked: Sequence[Attempted]) -> list[Endpoint | None]:
    """Writes tries down. What was delivered or given up stays so. Gives the endpoints that were paused or resumed."""
    experiences = [_attempted(transaction, each) for each in asked]
    changed = endpoints.note(transaction, [each for each in experiences if each is not None])
    return [None if each is None else changed.pop(each.endpoint.id, None) for each in experiences]


def resend(transaction: Transaction, delivery_id: str, prediction_id: str) -> Delivery | None:
    """Makes a delivery due now, however it stands; one that a courier has is left alone. None: no such delivery."""
    transaction.write(
        f"""UPDATE deliveries SET {FORCED}
           WHERE id = ? AND prediction_id = ? AND holder IS NULL""",
        (transaction.at, transaction.at, delivery_id, prediction_id),
    )
    transaction.tell("deliveries")
    sql = f"SELECT {COLUMNS} FROM deliveries WHERE id = ? AND prediction_id = ?"
    found = transaction.execute(sql, (delivery_id, prediction_id))
    return delivery_of(found[0]) if found else None


def free(transaction: Transaction) -> None:
    """Takes every delivery from whoever had it: due at once, in the order in which they came about."""
    transaction.write(
        """UPDATE deliveries SET holder = NULL, next_at = created_at, since_at = created_at
           WHERE state = 'pending' AND holder IS NOT NULL"""
    )
    transaction.tell("deliveries")


def forget(transaction: Transaction, prediction_ids: Sequence[str]) -> None:
    """Erases what deleted predictions leave behind, except what a delivery still has to say."""
    these = marks(len(prediction_ids))
    transaction.write(
        f"DELETE FROM bodies WHERE prediction_id IN ({these}) AND NOT EXISTS ({_OWING})", prediction_ids
    )
    forget_bodies(transaction, prediction_ids)


def forget_bodies(transaction: Transaction, prediction_ids: Sequence[str]) -> None:
    """Erases what receivers were sent; what one is still to be sent goes when that is over."""
    if not prediction_ids:
        return
    these = marks(len(prediction_ids))
    sql = f"UPDATE deliveries SET body = NULL, signature = NULL WHERE prediction_id IN ({these}) AND NOT {_UNSENT}"
    transaction.write(sql, prediction_ids)
    transaction.erases = True


def of_prediction(connection: Connection, prediction_id: str) -> list[Delivery]:
    """In the order it happened, which instants alone do not tell: what is quick begins and ends in the same one."""
    order = "CASE event WHEN 'started' THEN 0 WHEN 'processing' THEN 1 ELSE 2 END"
    sql = f"SELECT {COLUMNS} FROM deliveries WHERE prediction_id = ? ORDER BY {order}, created_at, id"
    return [delivery_of(row) for row in connection.execute(sql, (prediction_id,))]


def attempts_of(connection: Connection, known: Mapping[str, int | None]) -> dict[str, list[DeliveryAttempt]]:
    """The attempts of deliveries by their ids, in order; of each so many as are `known` of, None: all."""
    found: dict[str, list[DeliveryAttempt]] = {each: [] for each in known}
    if not known:
        return found
    sql = f"""SELECT delivery_id, number, at, status, error, seconds, answer FROM delivery_attempts
              WHERE delivery_id IN ({marks(len(known))}) ORDER BY delivery_id, number"""
    for delivery_id, number, at, status, error, seconds, answer in connection.execute(sql, list(known)):
        most = known[delivery_id]
        if most is None or number <= most:
            attempt = DeliveryAttempt(at=at, status=status, error=error, seconds=seconds, answer=answer)
            found[delivery_id].append(attempt)
    return found


def next_due_at(connection: Connection) -> int | None:
    found = connection.execute("SELECT MIN(next_at) FROM deliveries WHERE state = 'pending'")
    return None if found[0][0] is None else int(found[0][0])


def _row(prediction: Prediction, event: WebhookEvent, at: int) -> tuple[str | int | None, ...]:
    assert prediction.webhook is not None
    # What was made in the dashboard is signed by the account alone, whatever key its maker signed in with.
    key_id = None if prediction.source == DASHBOARD else prediction.key_id
    owner = (prediction.id, prediction.account_id, key_id)
    return (new_id(), *owner, event, prediction.webhook.url, DeliveryState.PENDING, 0, at, None, None, at, at)


def _due(transaction: Transaction, asked: Due) -> list[Delivery]:
    at = transaction.at
    found = transaction.execute(
        f"""WITH picked AS MATERIALIZED (
                SELECT id FROM deliveries WHERE state = 'pending' AND next_at <= ?
                ORDER BY next_at, id LIMIT ? $skip_locked)
            UPDATE deliveries SET holder = ?, next_at = ?, since_at = ? FROM picked
            WHERE deliveries.id = picked.id RETURNING {_QUALIFIED}""",
        (at, asked.limit, asked.holder, at + LEASE_SECONDS * 1_000_000, at),
    )
    return sorted((delivery_of(row) for row in found), key=lambda each: (each.created_at, each.id))


def _rendered(transaction: Transaction, asked: Rendered) -> tuple[bytes, str | None]:
    sql = (
        "UPDATE deliveries SET body = ?, signature = ? WHERE id = ? AND body IS NULL RETURNING prediction_id"
    )
    written = transaction.execute(sql, (asked.body, asked.signature, asked.delivery_id))
    forget_deleted(transaction, written)
    found = transaction.execute("SELECT body, signature FROM deliveries WHERE id = ?", (asked.delivery_id,))
    return (bytes(found[0][0]), found[0][1]) if found else (asked.body, asked.signature)


def _attempted(transaction: Transaction, asked: Attempted) -> endpoints.Experience | None:
    """How it went at the endpoint; None where that was not asked."""
    counted = transaction.execute(
        """UPDATE deliveries SET attempts = attempts + 1, holder = NULL, is_forced = 0 WHERE id = ?
           RETURNING attempts, prediction_id, account_id, url, event""",
        (asked.delivery_id,),
    )
    if not counted:
        return None
    number, prediction_id, account_id, url, event = counted[0]
    _write_attempt(transaction, asked, number)
    # Counted from this clock, by which it will be due, and not from the courier's.
    next_at = transaction.at + round((asked.pause_seconds or 0) * 1_000_000)
    sql = f"UPDATE deliveries SET state = ?, next_at = ?, since_at = ?, reason = ? WHERE id = ? AND {_UNSENT}"
    transaction.write(sql, (asked.state, next_at, transaction.at, asked.reason, asked.delivery_id))
    forget_deleted(transaction, [(prediction_id,)])
    if asked.patience is None:
        return None
    return endpoints.Experience(
        endpoint=endpoint_of(account_id, url),
        succeeded=asked.state is DeliveryState.DELIVERED,
        is_death=asked.state is DeliveryState.DEAD and event in TERMINAL_EVENTS,
        patience=asked.patience,
    )


def _write_attempt(transaction: Transaction, asked: Attempted, number: int) -> None:
    tried = asked.attempt
    columns = "delivery_id, number, at, status, error, seconds, answer"
    row = (asked.delivery_id, number, tried.at, tried.status, tried.error, tried.seconds, tried.answer)
    transaction.insert("delivery_attempts", columns, [row])
    if number > ATTEMPTS_MAX:
        sql = "DELETE FROM delivery_attempts WHERE delivery_id = ? AND number <= ?"
        transaction.write(sql, (asked.delivery_id, number - ATTEMPTS_MAX))


def forget_deleted(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Erases what nothing more is to be said of, of those predictions that were deleted or purged; a row has an id."""
    for row in rows:
        sql = f"SELECT deleted_at FROM predictions WHERE id = ? AND {_FORGOTTEN}"
        found = transaction.execute(sql, row)
        if found and found[0][0] is not None:
            forget(transaction, row)
        elif found:
            forget_bodies(transaction, row)


def delivery_of(row: Row) -> Delivery:
    return Delivery(
        id=row[0],
        prediction_id=row[1],
        account_id=row[2],
        key_id=row[3],
        event=WebhookEvent(row[4]),
        url=row[5],
        state=DeliveryState(row[6]),
        attempts=row[7],
        next_at=row[8],
        body=None if row[9] is None else bytes(row[9]),
        signature=row[10],
        created_at=row[11],
        reason=row[12],
        is_forced=bool(row[13]),
    )

"""The inbox: finding deliveries again, telling them again, and what becomes of those that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretell.endpoint import PROBE_SECONDS
from foretell.store import endpoints, webhooks
from foretell.store.database import Connection, Transaction, Value
from foretell.store.webhooks import COLUMNS, FORCED, delivery_of
from foretell.webhook import Delivery, DeliveryState, WebhookEvent

KEPT_SECONDS = 30 * 86_400
"""How old what is kept for a paused endpoint may become; then it is dead, which is said of it."""
ENDPOINT_SECONDS = 90 * 86_400
"""An endpoint that was told nothing for so long is forgotten."""
AT_ONCE_MAX = 500

# A page needs no bodies, and they may be large.
_LISTED = COLUMNS.replace(" body,", " NULL,")
_FAILED = "state IN ('dead', 'paused') AND holder IS NULL AND NOT (attempts > 0 AND body IS NULL)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Which deliveries are meant; None: whichever. `url` is how their address begins, `since` the first instant."""

    account_id: str | None
    state: DeliveryState | None = None
    event: WebhookEvent | None = None
    prediction_id: str | None = None
    url: str | None = None
    since: int | None = None


def page(connection: Connection, wanted: Inbox, *, offset: int, limit: int) -> tuple[list[Delivery], int]:
    """Deliveries without their bodies, newest first; and how many there are."""
    where, values = _where(wanted)
    sql = f"SELECT {_LISTED} FROM deliveries {where} ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
    found = [delivery_of(row) for row in connection.execute(sql, [*values, limit, offset])]
    total = connection.execute(f"SELECT COUNT(*) FROM deliveries {where}", values)
    return found, int(total[0][0])


def of_id(connection: Connection, delivery_id: str) -> Delivery | None:
    found = connection.execute(f"SELECT {COLUMNS} FROM deliveries WHERE id = ?", (delivery_id,))
    return delivery_of(found[0]) if found else None


def redeliver(transaction: Transaction, wanted: Inbox, limit: int) -> tuple[int, int]:
    """Makes due what was given up or kept, the oldest first; how many, and how many there are beyond `limit`."""
    where, values = _where(wanted, _FAILED)
    oldest = f"SELECT id FROM deliveries {where} ORDER BY created_at, id LIMIT ?"
    sql = f"UPDATE deliveries SET {FORCED} WHERE id IN ({oldest}) RETURNING id"
    made = len(transaction.execute(sql, [transaction.at, transaction.at, *values, limit]))
    if made:
        transaction.tell("deliveries")
    left = transaction.execute(f"SELECT COUNT(*) FROM deliveries {where}", values)
    return made, int(left[0][0])


def probe(transaction: Transaction) -> int:
    """Lets the oldest that is kept for a paused endpoint be tried, where it is its turn; how many endpoints.

    What was kept too long is given up, and endpoints are forgotten that nothing was told for long.
    """
    probed = endpoints.to_probe(transaction, transaction.at + PROBE_SECONDS * 1_000_000)
    for each in probed:
        oldest = "SELECT id FROM deliveries WHERE endpoint = ? AND state = 'paused' ORDER BY created_at, id LIMIT 1"
        sql = f"UPDATE deliveries SET {FORCED} WHERE id IN ({oldest})"
        transaction.write(sql, (transaction.at, transaction.at, each))
    if probed:
        transaction.tell("deliveries")
    _give_up(transaction)
    unused_since = transaction.at - ENDPOINT_SECONDS * 1_000_000
    endpoints.forget(transaction, unused_since=unused_since, limit=AT_ONCE_MAX)
    return len(probed)


def _give_up(transaction: Transaction) -> None:
    before = transaction.at - KEPT_SECONDS * 1_000_000
    oldest = (
        "SELECT id FROM deliveries WHERE state = 'paused' AND created_at < ? ORDER BY created_at, id LIMIT ?"
    )
    gone = transaction.execute(
        f"UPDATE deliveries SET state = 'dead', reason = ? WHERE id IN ({oldest}) RETURNING prediction_id",
        (f"Its endpoint was paused until it was {KEPT_SECONDS // 86_400} days old.", before, AT_ONCE_MAX),
    )
    webhooks.forget_deleted(transaction, gone)


def _where(wanted: Inbox, *also: str) -> tuple[str, list[Value]]:
    asked: Sequence[tuple[str, Value]] = [
        ("account_id = ?", wanted.account_id),
        ("state = ?", wanted.state),
        ("event = ?", wanted.event),
        ("prediction_id = ?", wanted.prediction_id),
        ("created_at >= ?", wanted.since),
    ]
    named = [(text, value) for text, value in asked if value is not None]
    texts: list[str] = [*also, *(text for text, _ in named)]
    values: list[Value] = [value for _, value in named]
    if wanted.url:
        texts.append("substr(url, 1, CAST(? AS INTEGER)) = ?")
        values += [len(wanted.url), wanted.url]
    return (f"WHERE {' AND '.join(texts)}" if texts else ""), values

"""What was owed before deliveries could be paused is owed afterwards, with what it said."""

import pytest

from foretell.config import Config
from foretell.store import open_store, schema
from foretell.store.sqlite import SqliteDatabase
from foretell.webhook import DeliveryState
from samples import Clock

pytestmark = pytest.mark.anyio
BEFORE = 3
"""The last migration under which the table had no word for it."""


async def test_deliveries_and_their_attempts_survive_the_new_table(sqlite: Config) -> None:
    clock = Clock()
    sqlite.data_path.mkdir(parents=True)
    database = SqliteDatabase(sqlite.data_path, clock=clock, power_safe=False)
    schema.begin_ledger(database.connection)
    with database.transaction(lasting=True) as transaction:
        schema.apply(transaction, [each for each in schema.migrations() if each.number <= BEFORE])
        columns = (
            "id, prediction_id, account_id, event, url, state, attempts, next_at, body, signature, created_at"
        )
        rows = [
            ("d1", "p1", "ann", "started", "https://a.example/", "delivered", 1, 5, b"one", "s1", 5),
            ("d2", "p1", "ann", "completed", "https://a.example/", "pending", 1, 9, b"two", "s2", 6),
        ]
        transaction.insert("deliveries", columns, rows)
        tried = ("d2", 1, 7, 500, "It answered 500.", 0.5)
        transaction.insert("delivery_attempts", "delivery_id, number, at, status, error, seconds", [tried])
    database.close()

    store = await open_store(sqlite, clock=clock)
    first, second = await store.deliveries("p1")
    assert (first.id, first.state, first.body, first.signature) == (
        "d1",
        DeliveryState.DELIVERED,
        b"one",
        "s1",
    )
    [due] = await store.due(holder="courier", limit=10)
    assert (due.id, due.body, due.attempts, due.reason) == (second.id, b"two", 1, None)
    [attempt] = await store.delivery_attempts("d2")
    assert (attempt.status, attempt.answer) == (500, None)
    await store.close()

"""Moving what just happened back in time: two weeks of it, with durations and receivers as people know them."""

import json
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

DAYS = 14
DAY = 86_400 * 1_000_000
SHOP, BOARD = "https://shop.example.com/hooks/foretell", "https://board.example.com/predictions"

_SECONDS = {"truefusion": 6.4, "deepbrain": 2.1, "speech": 1.3, "embed": 0.09, "fail": 0.4, "echo": 0.05}
_BACK = {
    "accounts.created_at": 20,
    "keys.created_at": 18,
    "versions.created_at": 4,
    "versions.current_at": 4,
    "additions.created_at": 4,
    "additions.updated_at": 4,
    "transfers.created_at": 3,
    "audit.at": 1,
}
"""How many days ago is said to be what happened just now."""


def move_back(database: Path) -> None:
    """Spreads what happened over two weeks, more of it lately, and lets it take its time."""
    chance = random.Random(7)
    now = time.time_ns() // 1_000
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute(
            "SELECT id, model, created_at, started_at FROM predictions WHERE deleted_at IS NULL ORDER BY id"
        ).fetchall()
        for number, (id_, model, _, started) in enumerate(rows):
            back = int(DAYS * DAY * (1 - (number + chance.random()) / len(rows)) ** 1.15) + 600_000_000
            created = now - back
            waited = int(chance.uniform(0.02, 0.6) * 1_000_000)
            ran = int(_SECONDS.get(model, 0.5) * chance.uniform(0.7, 1.5) * 1_000_000)
            ended = created + waited + ran
            connection.execute(
                """UPDATE predictions SET created_at = ?, started_at = ?, completed_at = ?, updated_at = ?
                   WHERE id = ? AND completed_at IS NOT NULL""",
                (created, None if started is None else created + waited, ended, ended, id_),
            )
            _move_what_belongs_to(connection, id_, created, waited, ran)
        _settle_deliveries(connection)
        for name, days in _BACK.items():
            table, _, column = name.partition(".")
            connection.execute(f"UPDATE {table} SET {column} = {column} - ?", (days * DAY,))


def _move_what_belongs_to(
    connection: sqlite3.Connection, id_: str, created: int, waited: int, ran: int
) -> None:
    ended = created + waited + ran
    (found,) = connection.execute("SELECT metrics FROM bodies WHERE prediction_id = ?", (id_,)).fetchone()
    metrics = json.loads(found or "{}") | {
        "total_time": (waited + ran) / 1_000_000,
        "queue_time": waited / 1_000_000,
        "predict_time": ran / 1_000_000,
    }
    metrics.pop("load_time", None)
    connection.execute("UPDATE bodies SET metrics = ? WHERE prediction_id = ?", (json.dumps(metrics), id_))
    connection.execute("UPDATE files SET created_at = ? WHERE prediction_id = ?", (ended, id_))
    connection.execute("UPDATE deliveries SET created_at = ? WHERE prediction_id = ?", (ended, id_))
    connection.execute(
        """UPDATE delivery_attempts SET at = ? + number * 5000000, seconds = 0.04 + seconds
           WHERE delivery_id IN (SELECT id FROM deliveries WHERE prediction_id = ?)""",
        (ended, id_),
    )


def _settle_deliveries(connection: sqlite3.Connection) -> None:
    """Gives receivers names that people would give them, and gives up what would only go on failing."""
    urls = [
        url
        for (url,) in connection.execute("SELECT url FROM deliveries GROUP BY url ORDER BY MIN(state), url")
    ]
    for url, name in zip(urls, (SHOP, BOARD), strict=False):
        connection.execute("UPDATE deliveries SET url = ? WHERE url = ?", (name, url))
        connection.execute("UPDATE endpoints SET url = ? WHERE url = ?", (name, url))
    connection.execute("DELETE FROM deliveries WHERE attempts = 0")
    connection.execute(
        "UPDATE deliveries SET state = 'dead', reason = 'Its receiver answered 500.' WHERE state = 'pending'"
    )

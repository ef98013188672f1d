"""What runs often finds its rows by an index, however many there are."""

import pytest

from foretell.allowance import Allowance, Bounds
from foretell.config import Config
from foretell.store.creates import Create, Created, create
from foretell.store.moves import WAITING
from foretell.store.opening import open_database
from foretell.store.sqlite import SqliteDatabase
from samples import new_prediction

QUESTIONS = {
    "who is next": f"""SELECT id FROM predictions WHERE {WAITING} AND lane = 'l' AND status = 'starting'
                       ORDER BY priority DESC, turn, id LIMIT 16""",
    "an account's page": """SELECT * FROM predictions WHERE deleted_at IS NULL AND account_id = 'a'
                            ORDER BY created_at DESC, id DESC LIMIT 20""",
    "how many an account has": "SELECT COUNT(*) FROM predictions WHERE deleted_at IS NULL AND account_id = 'a'",
    "everybody's page": """SELECT * FROM predictions WHERE deleted_at IS NULL
                           ORDER BY created_at DESC, id DESC LIMIT 20""",
    "what others hold": "SELECT id FROM predictions WHERE node IS NOT NULL AND node <> 'n' ORDER BY node, id",
    "what is due": "SELECT id FROM deliveries WHERE state = 'pending' AND next_at <= 5 ORDER BY next_at, id LIMIT 9",
    "an account's uploads": """SELECT * FROM files
                               WHERE purpose = 'upload' AND deleted_at IS NULL AND removed_at IS NULL
                               AND account_id = 'a' ORDER BY created_at DESC, id DESC LIMIT 20""",
    "what an account created within a minute": """
        SELECT COUNT(*), MIN(created_at) FROM (
            SELECT created_at FROM predictions WHERE deleted_at IS NULL AND account_id = 'a' AND created_at > 5
            UNION ALL SELECT created_at FROM predictions
            WHERE deleted_at IS NOT NULL AND account_id = 'a' AND created_at > 5) AS recent""",
    "what an account has live": """
        SELECT versions.model, COUNT(*) FROM predictions JOIN versions ON versions.id = predictions.version_id
        WHERE predictions.account_id = 'a' AND predictions.completed_at IS NULL GROUP BY versions.model""",
    "a move": """WITH v(id, node, attempt) AS (VALUES ('a', 'n', 1), ('b', 'n', 1)) UPDATE predictions SET attempt = 2
                 FROM v WHERE predictions.id = v.id AND predictions.node = v.node""",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_needs_neither_a_whole_table_nor_a_sort(sqlite: Config, question: str) -> None:
    database = open_database(sqlite, None)
    assert isinstance(database, SqliteDatabase)
    plan = [row[3] for row in database.connection.execute(f"EXPLAIN QUERY PLAN {QUESTIONS[question]}")]
    database.close()
    steps = [each for each in plan if any(table in each for table in ("predictions", "deliveries", "files"))]
    assert steps
    assert all("USING INDEX" in each or "USING COVERING INDEX" in each for each in steps)
    assert not any("autoindex" in each and each.startswith("SCAN") for each in steps)
    assert not any("TEMP B-TREE FOR ORDER BY" in each for each in plan)


def test_creates_ask_nothing_about_limits_where_there_are_none(sqlite: Config) -> None:
    database = open_database(sqlite, None)
    assert isinstance(database, SqliteDatabase)
    said: list[str] = []
    database.connection.raw.set_trace_callback(said.append)
    limit = Bounds(model="echo", account=Allowance(requests_per_minute=5, concurrency_max=5))
    for bounds, asks in ((None, False), (Bounds(model="echo"), False), (limit, True)):
        said.clear()
        with database.transaction(lasting=False) as transaction:
            [written] = create(transaction, [Create(new_prediction(), "{}", 10, bounds)])
        assert isinstance(written, Created)
        questions = [each for each in said if each.startswith("SELECT") and "predictions" in each]
        assert bool(questions) is asks
    database.close()

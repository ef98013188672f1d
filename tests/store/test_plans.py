"""What runs often finds its rows by an index, however many there are."""

import pytest

from foretell.config import Config
from foretell.store.moves import WAITING
from foretell.store.opening import open_database
from foretell.store.sqlite import SqliteDatabase

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

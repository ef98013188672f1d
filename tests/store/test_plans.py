"""What runs often finds its rows by an index, however many there are."""

from decimal import Decimal

import pytest

from foretell.allowance import Allowance, Bounds
from foretell.config import Config
from foretell.pricing import Pricing
from foretell.store.creates import Create, Created, create
from foretell.store.files import HAS_BYTES
from foretell.store.moves import WAITING
from foretell.store.opening import open_database
from foretell.store.predictions import Begin, Finish, Take, begin, finish, take
from foretell.store.sqlite import SqliteDatabase
from samples import DONE, new_prediction

QUESTIONS = {
    "who is next": f"""SELECT id FROM predictions WHERE {WAITING} AND lane = 'l' AND status = 'starting'
                       ORDER BY priority DESC, turn, id LIMIT 16""",
    "an account's page": """SELECT * FROM predictions WHERE deleted_at IS NULL AND account_id = 'a'
                            ORDER BY created_at DESC, id DESC LIMIT 20""",
    "how many an account has": "SELECT COUNT(*) FROM predictions WHERE deleted_at IS NULL AND account_id = 'a'",
    "how many of an account wait": """SELECT COUNT(*) FROM predictions WHERE deleted_at IS NULL
                                      AND completed_at IS NULL AND account_id = 'a' AND status = 'starting'""",
    "everybody's page": """SELECT * FROM predictions WHERE deleted_at IS NULL
                           ORDER BY created_at DESC, id DESC LIMIT 20""",
    "what others hold": "SELECT id FROM predictions WHERE node IS NOT NULL AND node <> 'n' ORDER BY node, id",
    "what is due": "SELECT id FROM deliveries WHERE state = 'pending' AND next_at <= 5 ORDER BY next_at, id LIMIT 9",
    "what a clock that was set back holds up": """SELECT id FROM deliveries WHERE state = 'pending' AND since_at > 5
                                                  ORDER BY since_at, id LIMIT 9""",
    "the newest prediction": "SELECT MAX(created_at) FROM predictions WHERE deleted_at IS NULL",
    "an account's deliveries": """SELECT id FROM deliveries WHERE account_id = 'a'
                                  ORDER BY created_at DESC, id DESC LIMIT 20""",
    "everybody's deliveries": "SELECT id FROM deliveries ORDER BY created_at DESC, id DESC LIMIT 20",
    "what is kept for an endpoint": """SELECT id FROM deliveries WHERE endpoint = 'e' AND state = 'paused'
                                       ORDER BY created_at, id LIMIT 1""",
    "what was kept too long": """SELECT id FROM deliveries WHERE state = 'paused' AND created_at < 5
                                 ORDER BY created_at, id LIMIT 9""",
    "an account's uploads": """SELECT * FROM files
                               WHERE purpose = 'upload' AND deleted_at IS NULL AND removed_at IS NULL
                               AND account_id = 'a' ORDER BY created_at DESC, id DESC LIMIT 20""",
    "what is to be purged": "SELECT at, subject, part FROM purges WHERE at <= 5 ORDER BY at, subject, part LIMIT 9",
    "what is to be erased": """SELECT * FROM files WHERE erase_at IS NOT NULL AND erase_at <= 5
                               ORDER BY erase_at, id LIMIT 9""",
    "what lies at a place": f"SELECT id, {HAS_BYTES} FROM files WHERE id >= 'aa' AND id < 'ab' ORDER BY id",
    "what an account created within a minute": """
        SELECT COUNT(*), MIN(created_at) FROM (
            SELECT created_at FROM predictions
            WHERE deleted_at IS NULL AND account_id = 'a' AND created_at > 5 AND created_at <= 9
            UNION ALL SELECT created_at FROM predictions
            WHERE deleted_at IS NOT NULL AND account_id = 'a' AND created_at > 5 AND created_at <= 9) AS recent""",
    "what an account has live": """
        SELECT versions.model, COUNT(*) FROM predictions JOIN versions ON versions.id = predictions.version_id
        WHERE predictions.account_id = 'a' AND predictions.completed_at IS NULL GROUP BY versions.model""",
    "charges that nobody closed": """
        SELECT charges.prediction_id FROM charges LEFT JOIN predictions ON predictions.id = charges.prediction_id
        WHERE charges.settled_at IS NULL AND (predictions.id IS NULL OR predictions.completed_at <= 5)
        ORDER BY charges.prediction_id LIMIT 9""",
    "what an account used": """
        SELECT COUNT(*) FROM (
            SELECT created_at FROM predictions WHERE account_id = 'a' AND created_at >= 5 AND created_at < 9
            AND deleted_at IS NULL UNION ALL
            SELECT created_at FROM predictions WHERE account_id = 'a' AND created_at >= 5 AND created_at < 9
            AND deleted_at IS NOT NULL) AS used""",
    "a move": """WITH v(id, node, attempt) AS (VALUES ('a', 'n', 1), ('b', 'n', 1)) UPDATE predictions SET attempt = 2
                 FROM v WHERE predictions.id = v.id AND predictions.node = v.node""",
}

INDEXES = ("USING INDEX", "USING COVERING INDEX", "USING PRIMARY KEY")


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_needs_neither_a_whole_table_nor_a_sort(sqlite: Config, question: str) -> None:
    database = open_database(sqlite, None)
    assert isinstance(database, SqliteDatabase)
    plan = [row[3] for row in database.connection.execute(f"EXPLAIN QUERY PLAN {QUESTIONS[question]}")]
    database.close()
    steps = [
        each
        for each in plan
        if any(table in each for table in ("predictions", "deliveries", "files", "purges"))
    ]
    assert steps
    assert all(any(index in each for index in INDEXES) for each in steps)
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


def test_what_has_no_price_and_no_key_says_nothing_to_the_ledger(sqlite: Config) -> None:
    database = open_database(sqlite, None)
    assert isinstance(database, SqliteDatabase)
    said: list[str] = []
    database.connection.raw.set_trace_callback(said.append)
    for pricing, speaks in ((None, False), (Pricing(amount=Decimal(1)), True)):
        said.clear()
        new = new_prediction(pricing=pricing, hold_nanocredits=5 if pricing else 0)
        with database.transaction(lasting=False) as transaction:
            create(transaction, [Create(new, "{}", 10)])
            transaction.finish()
        with database.transaction(lasting=False) as transaction:
            [[taken]] = take(transaction, [Take(new.lane, "n", 1)])
            assert taken.hold is not None
            begin(transaction, [Begin(taken.hold)])
            finish(transaction, [Finish(taken.hold, DONE)])
            transaction.finish()
        tables = ("charges", "transfers", "balances", "spending", "caps", "idempotency_keys")
        assert any(table in each for each in said for table in tables) is speaks
    database.close()

"""What goes to Postgres together comes back as it was, and fails together."""

import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from databases import direct_to
from foretell.config import Config
from foretell.store.opening import open_database
from foretell.store.pipeline import PREPARED_MAX, USES_MIN, Pipeline
from foretell.store.postgres import WORDS, PostgresDatabase

pytestmark = pytest.mark.needs("postgres")

TEXTS = [
    "",
    "NULL",
    "null",
    " ",
    '"',
    "\\",
    '\\"',
    "{a,b}",
    "a,b",
    "'",
    "\n\t",
    "ä\U0001f600",
    "$1 ? %s",
    '{"a": "\\u0000"}',
]
LARGE = "x" * 1_000_000


@pytest.fixture
def pipeline(postgres: Config) -> Iterator[Pipeline]:
    with psycopg.connect(postgres.database, autocommit=True) as raw:
        found = Pipeline(raw, WORDS)
        found.execute("CREATE TABLE things (name TEXT, size BIGINT, weight DOUBLE PRECISION, bytes BYTEA)")
        yield found


def insert(pipeline: Pipeline, *rows: tuple[Any, ...]) -> None:
    pipeline.insert("things", "name, size, weight, bytes", rows, "")


def things(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    return pipeline.execute("SELECT name, size, weight, bytes FROM things")


ROWS = [(text, place, place / 3, text.encode()) for place, text in enumerate(TEXTS)]
GAPS = [(None, 1, None, b"\x00\xff"), ("b", None, 1e300, None), ("c", -(2**63), -0.0, b"")]
ABSENT = [(None, None, None, None)] * 3


@pytest.mark.parametrize("rows", [ROWS, GAPS, ABSENT], ids=["texts", "gaps", "absent"])
def test_values_come_back_as_they_were_one_by_one_and_many_at_once(
    pipeline: Pipeline, rows: list[tuple[Any, ...]]
) -> None:
    insert(pipeline, *rows)
    assert things(pipeline) == rows
    pipeline.write("DELETE FROM things")
    for each in rows:
        insert(pipeline, each)
    assert things(pipeline) == rows
    columns = {"name": "TEXT", "size": "BIGINT"}
    for some in (rows, rows[:1]):
        table = pipeline.table("v", columns, [row[:2] for row in some])
        assert pipeline.execute(f"WITH {table.sql} SELECT * FROM v", table.values) == [
            row[:2] for row in some
        ]


def test_a_text_that_postgres_cannot_store_is_refused_and_not_cut_short(pipeline: Pipeline) -> None:
    for rows in ([("a\0b",)], [("a",), ("a\0b",)], [(None,), ("a\0b",)]):
        pipeline.write("BEGIN")
        with pytest.raises(psycopg.DataError):
            pipeline.insert("things", "name", rows, "")
        pipeline.roll_back()
    assert things(pipeline) == []


def test_what_fails_is_told_with_the_next_answer_and_takes_the_transaction_along(pipeline: Pipeline) -> None:
    pipeline.execute("CREATE UNIQUE INDEX things_by_name ON things (name)")
    for ask in (pipeline.settle, lambda: pipeline.execute("SELECT 1")):
        pipeline.write("BEGIN")
        insert(pipeline, ("a", 1, None, None))
        insert(pipeline, ("a", 2, None, None))
        pipeline.write("COMMIT")
        with pytest.raises(psycopg.errors.UniqueViolation):
            ask()
        pipeline.roll_back()
        assert things(pipeline) == []


def test_what_was_prepared_in_vain_is_prepared_again(pipeline: Pipeline) -> None:
    for _ in range(USES_MIN - 1):
        pipeline.execute("SELECT size + ? FROM things", (1,))
    pipeline.write("SELECT 1 / 0")
    pipeline.write("SELECT size + ? FROM things", (1,))
    with pytest.raises(psycopg.errors.DivisionByZero):
        pipeline.settle()
    pipeline.roll_back()
    insert(pipeline, ("a", 1, None, None))
    for _ in range(USES_MIN + 1):
        assert pipeline.execute("SELECT size + ? FROM things", (1,)) == [(2,)]


def test_no_more_statements_stay_prepared_than_the_last_so_many(pipeline: Pipeline) -> None:
    for number in range(PREPARED_MAX + 20):
        for _ in range(USES_MIN):
            assert pipeline.execute(f"SELECT {number} + CAST(? AS BIGINT)", (1,)) == [(number + 1,)]
    [(count,)] = pipeline.execute("SELECT COUNT(*) FROM pg_prepared_statements")
    assert count == PREPARED_MAX


def test_much_both_ways_at_once_does_not_stop_the_line(pipeline: Pipeline) -> None:
    sent = [pipeline.send("SELECT CAST(? AS TEXT)", (LARGE,)) for _ in range(30)]
    assert [pipeline.rows(each) for each in sent] == [[(LARGE,)]] * 30


def test_who_was_interrupted_never_takes_a_late_answer_for_another(pipeline: Pipeline) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            pipeline.execute("SELECT 1 FROM pg_sleep(20)")
    finally:
        signal.signal(signal.SIGALRM, before)
    pipeline.roll_back()
    with pytest.raises(psycopg.OperationalError):
        pipeline.execute("SELECT 2")


def test_who_reads_goes_on_after_what_failed_and_after_a_table_has_changed(postgres: Config) -> None:
    database = open_database(postgres, None)
    with database.reader() as reader, direct_to(postgres) as direct:
        direct("CREATE TABLE things (size BIGINT)")
        direct("INSERT INTO things VALUES (1)")
        for _ in range(USES_MIN + 1):
            with pytest.raises(psycopg.errors.UndefinedTable):
                reader.execute("SELECT * FROM nothing WHERE size = ?", (1,))
            assert reader.execute("SELECT * FROM things WHERE 1 = ?", (1,)) == [(1,)]
        for _ in range(USES_MIN + 1):
            assert reader.execute("SELECT * FROM things WHERE 1 = ?", (1,)) == [(1,)]
        direct("ALTER TABLE things ALTER COLUMN size TYPE TEXT")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            reader.execute("SELECT * FROM things WHERE 1 = ?", (1,))
        assert reader.execute("SELECT * FROM things WHERE 1 = ?", (1,)) == [("1",)]
    database.close()


def test_a_transaction_has_the_databases_time_of_its_beginning(postgres: Config) -> None:
    database = open_database(postgres, None)
    assert isinstance(database, PostgresDatabase)
    microseconds = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
    with database.transaction(lasting=True) as transaction:
        [(later,)] = transaction.execute(microseconds)
        assert transaction.at <= later
        assert transaction.at == transaction.at
    database.close()

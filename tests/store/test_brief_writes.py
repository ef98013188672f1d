"""Brief writes: done on the event loop where the database answers at once, and by the thread wherever it does not."""

import asyncio
import sqlite3 as library
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from foretell.config import Config
from foretell.errors import Code, Error
from foretell.store.database import Transaction
from foretell.store.opening import open_database
from foretell.store.promptness import REST, SLOW_SECONDS, WEIGHT, Promptness
from foretell.store.sqlite import SqliteDatabase
from foretell.store.writer import Verb, Writer

pytestmark = pytest.mark.anyio
OBSERVE = Promptness.observe


class Desk:
    """A writer on a SQLite database, and which thread has written what, in order."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.database = database
        self.wrote: list[tuple[str, bool]] = []
        self.verb = Verb(self.run, rank=1)
        self.loop_thread = threading.get_ident()
        self.writer = Writer(database, lambda topics: None)

    def run(self, transaction: Transaction, names: Sequence[str]) -> list[str]:
        is_loop = threading.get_ident() == self.loop_thread
        for each in names:
            transaction.insert("notebook", "name", [(each,)])
            self.wrote.append((each, is_loop))
        return [each.upper() for each in names]

    def write(self, name: str, *, is_brief: bool = True) -> asyncio.Future[str]:
        return self.writer.submit(self.verb, name, is_brief=is_brief)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.wrote]

    @property
    def by_the_loop(self) -> list[bool]:
        return [is_loop for _, is_loop in self.wrote]


@pytest.fixture
async def desk(sqlite: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    # How fast this machine's disk is says nothing here.
    monkeypatch.setattr(Promptness, "observe", lambda promptness, seconds: None)
    database = open_database(replace(sqlite, durability="power"), None)
    assert isinstance(database, SqliteDatabase)
    database.connection.execute("CREATE TABLE notebook (name TEXT PRIMARY KEY CHECK (name <> 'forbidden'))")
    found = Desk(database)
    yield found
    await found.writer.close()
    database.close()


@contextmanager
def held_by_another(desk: Desk) -> Iterator[library.Connection]:
    other = library.connect(desk.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


async def test_brief_writes_of_one_turn_are_one_group_of_the_loops(desk: Desk) -> None:
    answers = [desk.write(each) for each in "abc"]
    assert await asyncio.gather(*answers) == ["A", "B", "C"]
    assert desk.wrote == [("a", True), ("b", True), ("c", True)]


async def test_other_writes_are_the_threads_and_so_are_those_that_come_until_it_has_done_them(
    desk: Desk,
) -> None:
    answers = [desk.write("a"), desk.write("b", is_brief=False), desk.write("c")]
    await asyncio.gather(*answers)
    assert desk.names == ["a", "b", "c"]
    assert desk.by_the_loop == [False, False, False]
    await desk.write("d")
    assert desk.wrote[-1] == ("d", True)


async def test_a_database_that_another_holds_keeps_the_write_waiting_and_not_the_loop(desk: Desk) -> None:
    with held_by_another(desk) as other:
        answer = desk.write("a")
        for _ in range(50):
            # Each turn of the loop would wait for seconds.
            await asyncio.wait_for(asyncio.sleep(0.001), 1.0)
        assert not answer.done()
        behind = desk.write("b")
        other.execute("ROLLBACK")
        assert await asyncio.gather(answer, behind) == ["A", "B"]
    assert desk.names == ["a", "b"]
    assert desk.by_the_loop == [False, False]


async def test_where_commits_take_their_time_the_loop_does_none(desk: Desk) -> None:
    for _ in range(100):
        OBSERVE(desk.database._all, 0.9 * SLOW_SECONDS)
    await desk.write("a")
    assert desk.by_the_loop == [False]
    for _ in range(100):
        OBSERVE(desk.database._all, 0.0001)
    await desk.write("b")
    assert desk.by_the_loop == [False, True]


async def test_after_one_slow_commit_the_loop_does_none_for_a_hundred_times_as_long(desk: Desk) -> None:
    OBSERVE(desk.database._all, 2 * SLOW_SECONDS)
    since_seconds = time.perf_counter()
    while not desk.by_the_loop or not desk.by_the_loop[-1]:
        await desk.write(str(len(desk.names)))
        assert time.perf_counter() < since_seconds + 10
    # Those in between are many, so that it is the time that counts.
    assert time.perf_counter() - since_seconds > 0.9 * 2 * SLOW_SECONDS * REST
    assert len(desk.names) > 1 / WEIGHT


async def test_where_the_disk_is_slow_the_loop_still_does_what_need_not_wait_for_it(desk: Desk) -> None:
    OBSERVE(desk.database._all, 1000.0)
    await desk.write("a")
    desk.verb = Verb(desk.run, rank=1, lasting=False)
    await desk.write("b")
    assert desk.wrote == [("a", False), ("b", True)]


async def test_one_bad_brief_write_fails_alone(desk: Desk) -> None:
    answers = await asyncio.gather(*map(desk.write, ("a", "forbidden", "c")), return_exceptions=True)
    assert (answers[0], answers[2]) == ("A", "C")
    assert isinstance(answers[1], Error) and answers[1].code is Code.CONFLICT
    assert sorted(desk.database.connection.execute("SELECT name FROM notebook")) == [("a",), ("c",)]


async def test_what_an_answer_asks_for_is_written_in_the_next_turn(desk: Desk) -> None:
    later: list[asyncio.Future[str]] = []
    first = desk.writer.submit(desk.verb, "a", is_brief=True, then=lambda _: later.append(desk.write("b")))
    assert await first == "A"
    assert await later[0] == "B"


async def test_a_closing_writer_writes_the_brief_ones_too(desk: Desk) -> None:
    answers = [desk.write(f"n{each}") for each in range(50)]
    await desk.writer.close()
    assert len(await asyncio.gather(*answers)) == 50


async def test_two_writes_about_one_thing_keep_their_order_in_a_turn(desk: Desk) -> None:
    answers = [desk.writer.submit(desk.verb, each, key="one", is_brief=True) for each in "abc"]
    assert await asyncio.gather(*answers) == ["A", "B", "C"]
    assert desk.wrote == [("a", True), ("b", True), ("c", True)]

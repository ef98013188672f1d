"""One thread writes what waits as one transaction; what goes wrong stays with the write it belongs to."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from databases import Direct, direct_to
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.store import Store, open_store
from foretell.store.database import Database, Transaction
from foretell.store.opening import open_database
from foretell.store.writer import GROUP_MAX, Verb, Writer
from samples import DONE, LANE, new_prediction

pytestmark = pytest.mark.anyio

Groups = list[list[str]]


class Notebook:
    """A verb that writes names into a table and remembers with whom each was written."""

    def __init__(self) -> None:
        self.groups: Groups = []
        self.open = threading.Event()
        self.entered = threading.Event()
        self.write = Verb(self.run, rank=1)
        self.hold_up = Verb(self.wait, rank=0)

    def run(self, transaction: Transaction, names: Sequence[str]) -> list[str | Error]:
        self.groups.append(list(names))
        transaction.insert("notebook", "name", [(each,) for each in names if each != "refused"])
        transaction.tell("written", names[-1])
        if "broken" in names:
            raise LookupError("a bug")
        return [Error(Code.OVERLOADED, "no") if each == "refused" else each.upper() for each in names]

    def wait(self, transaction: Transaction, items: Sequence[None]) -> list[None]:
        self.entered.set()
        assert self.open.wait(10)
        return list(items)


class Bench:
    """A writer on a real database, held up until a test has queued what it wants in one group."""

    def __init__(self, database: Database) -> None:
        self.notebook = Notebook()
        self.published: list[dict[str, object]] = []
        self.writer = Writer(database, lambda topics: self.published.append(dict(topics)))

    async def write(self, *names: str, key: str | None = None) -> list[object]:
        first = self.writer.submit(self.notebook.hold_up, None)
        await asyncio.to_thread(self.notebook.entered.wait, 10)
        answers = [self.writer.submit(self.notebook.write, each, key=key) for each in names]
        self.notebook.open.set()
        await first
        return await asyncio.gather(*answers, return_exceptions=True)


@pytest.fixture
async def bench(database: Config) -> AsyncIterator[Bench]:
    opened = open_database(database, None)
    with direct_to(database) as direct:
        direct("CREATE TABLE notebook (name TEXT PRIMARY KEY CHECK (name <> 'forbidden'))")
    found = Bench(opened)
    yield found
    await found.writer.close()
    opened.close()


def written(database: Config) -> list[str]:
    with direct_to(database) as direct:
        return sorted(name for (name,) in direct("SELECT name FROM notebook"))


async def test_what_waits_is_written_as_one_group(bench: Bench, database: Config) -> None:
    assert await bench.write("a", "b", "c") == ["A", "B", "C"]
    assert bench.notebook.groups == [["a", "b", "c"]]
    assert written(database) == ["a", "b", "c"]
    assert bench.published[-1] == {"written": "c"}


async def test_a_group_is_bounded_and_the_rest_follows_in_order(bench: Bench) -> None:
    names = [f"n{each:04}" for each in range(2 * GROUP_MAX + 10)]
    assert await bench.write(*names) == [each.upper() for each in names]
    assert [len(each) for each in bench.notebook.groups] == [GROUP_MAX, GROUP_MAX, 10]
    assert [name for group in bench.notebook.groups for name in group] == names


async def test_writes_about_one_thing_never_share_a_group_and_keep_their_order(bench: Bench) -> None:
    assert await bench.write("a", "b", "c", key="one") == ["A", "B", "C"]
    assert bench.notebook.groups == [["a"], ["b"], ["c"]]


async def test_a_refusal_is_an_answer_for_one(bench: Bench, database: Config) -> None:
    answers = await bench.write("a", "refused", "c")
    assert isinstance(answers[1], Error)
    assert (answers[0], answers[1].code, answers[2]) == ("A", Code.OVERLOADED, "C")
    assert len(bench.notebook.groups) == 1
    assert written(database) == ["a", "c"]


@pytest.mark.parametrize("bad", ["broken", "forbidden", "a"])
async def test_one_bad_write_fails_alone(bench: Bench, database: Config, bad: str) -> None:
    answers = await bench.write("a", bad, "c")
    assert (answers[0], answers[2]) == ("A", "C")
    assert isinstance(answers[1], LookupError if bad == "broken" else Error)
    if isinstance(answers[1], Error):
        assert answers[1].code is Code.CONFLICT
    assert written(database) == ["a", "c"]


async def test_a_caller_that_went_away_disturbs_nobody(bench: Bench, database: Config) -> None:
    gone = bench.writer.submit(bench.notebook.write, "gone")
    gone.cancel()
    assert await bench.write("a") == ["A"]
    assert written(database) == ["a", "gone"]


async def test_a_closing_writer_writes_what_was_asked_and_takes_no_more(
    bench: Bench, database: Config
) -> None:
    answers = [bench.writer.submit(bench.notebook.write, f"n{each}") for each in range(50)]
    await bench.writer.close()
    assert len(await asyncio.gather(*answers)) == 50
    assert len(written(database)) == 50
    with pytest.raises(Error, match="stopping"):
        bench.writer.submit(bench.notebook.write, "late")


async def test_a_thousand_lives_at_once_all_end(store: Store, direct: Direct) -> None:
    async def live() -> None:
        await store.create(new_prediction())
        for taken in await store.take(LANE, node="n1", count=1):
            assert taken.hold is not None
            assert await store.begin(taken.hold)
            assert await store.finish(taken.hold, DONE) is not None

    await asyncio.gather(*[live() for _ in range(1_000)])
    assert direct("SELECT status, COUNT(*) FROM predictions GROUP BY status") == [("succeeded", 1_000)]
    assert direct("SELECT SUM(waiting) FROM lanes") == [(0,)]


async def test_an_id_that_is_taken_is_refused_alone(store: Store) -> None:
    first = new_prediction()
    answers = await asyncio.gather(
        *[store.create(each) for each in (first, new_prediction(), first)], return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, Error)]
    assert [each.code for each in refused] == [Code.CONFLICT]
    assert [each.waiting for each in await store.waiting()] == [2]


async def test_what_was_acknowledged_is_there_after_the_store_is_opened_again(database: Config) -> None:
    store = await open_store(database)
    rows = await asyncio.gather(*[store.create(new_prediction()) for _ in range(50)])
    await store.close()
    again = await open_store(database)
    assert [await again.get(each.id) for each in rows] == rows
    await again.close()

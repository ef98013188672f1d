"""How often a group of writes waits for Postgres: beside a busy event loop a wait costs more than a statement."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foretell.config import Config
from foretell.prediction import NewPrediction, Prediction
from foretell.store.creates import Create, Created, create
from foretell.store.database import Transaction
from foretell.store.landings import Landing, land
from foretell.store.opening import open_database
from foretell.store.pipeline import Pipeline
from foretell.store.postgres import PostgresDatabase
from foretell.store.predictions import Finish, finish
from foretell.store.rows import created, encoded
from samples import DONE, new_prediction

pytestmark = pytest.mark.needs("postgres")

TOGETHER = 5


class Place:
    """One that is always free."""

    node = "n1"
    is_running = has_begun = False

    def start(self, prediction: Prediction) -> None:
        """It only has to be written."""

    def give_up(self) -> None:
        raise AssertionError("somebody waits before it")

    def run(self, new: NewPrediction, *, may_land: bool) -> asyncio.Future[Prediction] | None:
        """It runs nothing before it is written."""


@pytest.fixture
def database(postgres: Config) -> Iterator[PostgresDatabase]:
    found = open_database(postgres, None)
    assert isinstance(found, PostgresDatabase)
    yield found
    found.close()


@pytest.fixture
def waits(database: PostgresDatabase, tmp_path: Path) -> Callable[[Callable[[Transaction], object]], int]:
    """How often one transaction waits for the database, as libpq tells what it sends."""
    trace = tmp_path / "trace"

    def counted(write: Callable[[Transaction], object]) -> int:
        with trace.open("wb") as file:
            with database.transaction(lasting=True) as transaction:
                assert isinstance(transaction.connection, Pipeline)
                line = transaction.connection.raw.pgconn
                line.trace(file.fileno())
                write(transaction)
                transaction.finish()
            line.untrace()
        return trace.read_text().count("\tSync")

    # The first of more than one row also asks for the types of the columns.
    with database.transaction(lasting=True) as transaction:
        land(transaction, [landing(), landing()])
    return counted


def landing() -> Landing:
    new = new_prediction()
    return Landing(
        prediction=created(new, at=0, node="n1"),
        input=encoded(new.input),
        input_hash=new.input_hash,
        outcome=DONE,
        asked_seconds=0.003,
        ran_seconds=0.001,
    )


@pytest.mark.parametrize("count", [1, TOGETHER])
def test_what_has_run_is_written_with_a_wait_for_the_time_and_one_for_the_rest(
    waits: Callable[[Callable[[Transaction], object]], int], count: int
) -> None:
    assert waits(lambda transaction: land(transaction, [landing() for _ in range(count)])) == 2


@pytest.mark.parametrize("count", [1, TOGETHER])
def test_what_is_held_from_the_first_waits_five_times_until_its_end(
    waits: Callable[[Callable[[Transaction], object]], int], count: int
) -> None:
    written: list[Prediction] = []

    def begin(transaction: Transaction) -> None:
        asked = [Create(new_prediction(), "{}", 10, place=Place()) for _ in range(count)]
        written.extend(each.prediction for each in create(transaction, asked) if isinstance(each, Created))

    def end(transaction: Transaction) -> None:
        asked = [Finish(each.hold, DONE, (), each, 0.001) for each in written if each.hold is not None]
        assert len(finish(transaction, asked)) == count

    assert waits(begin) == 2
    assert waits(end) == 3

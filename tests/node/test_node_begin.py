"""The child is told to run while it is being written that it has begun, and nobody hears of the run before that."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foretell.event import Kind
from foretell.model import Version
from foretell.prediction import Prediction, Status
from node.places import Place, until

pytestmark = pytest.mark.anyio

WAITS_FOR_ITS_GATE = """
class Predictor(BasePredictor):
    def predict(self, flag: str, gate: str) -> Iterator[str]:
        open(flag, "w").close()
        try:
            while not os.path.exists(gate):
                yield "waits "
                time.sleep(0.01)
        except BaseException:
            open(flag + "-stopped", "w").close()
            raise
        yield "done"
"""


class Pair:
    """A run that has the only place, and one behind it that the node holds already."""

    def __init__(self, here: Place, version: Version, first: str, second: str) -> None:
        self.here, self.version, self.first, self.second = here, version, first, second
        self.flag = here.folders / "flag-second"
        self.stopped = here.folders / "flag-second-stopped"

    def end_first(self) -> None:
        (self.here.folders / "gate-first").touch()

    def end_second(self) -> None:
        (self.here.folders / "gate-second").touch()

    async def row(self) -> Prediction:
        found = await self.here.store.get(self.second)
        assert found is not None
        return found


@pytest.fixture
async def pair(here: Place) -> AsyncIterator[Pair]:
    version = await here.model(WAITS_FOR_ITS_GATE)
    made = [
        await here.create(
            version, flag=str(here.folders / f"flag-{each}"), gate=str(here.folders / f"gate-{each}")
        )
        for each in ("first", "second")
    ]
    found = Pair(here, version, made[0], made[1])
    await here.reaches(made[0], Status.PROCESSING)
    await until((here.folders / "flag-first").exists)

    async def is_held() -> bool:
        return (await found.row()).node is not None

    await until(is_held)
    yield found
    found.end_first()
    found.end_second()


@contextmanager
def locked(here: Place) -> Iterator[sqlite3.Connection]:
    """Nothing can be written until the block ends; what the block itself writes is."""
    path = Path(here.surroundings.config.data) / "foretell.db"
    holder = sqlite3.connect(path, isolation_level=None, timeout=10)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield holder
        holder.execute("COMMIT")
    finally:
        holder.close()


async def test_it_runs_while_that_it_began_cannot_be_written_and_nothing_is_heard_of_it(pair: Pair) -> None:
    with locked(pair.here):
        pair.end_first()
        await until(pair.flag.exists)
        assert (await pair.row()).status is Status.STARTING
        assert await pair.here.store.events(pair.second) == []
    began = await pair.here.reaches(pair.second, Status.PROCESSING)
    assert began.started_at is not None and began.held_at is not None and began.started_at >= began.held_at
    pair.end_second()
    found = await pair.here.ended(pair.second)
    assert (found.status, found.attempt, found.losses) == (Status.SUCCEEDED, 1, 0)
    assert found.result[-1] == "done"
    said = await pair.here.store.events(pair.second, limit=100_000)
    assert [each.data["value"] for each in said if each.kind is Kind.OUTPUT] == found.result


async def test_one_that_was_canceled_meanwhile_is_stopped_and_nothing_of_it_is_left(pair: Pair) -> None:
    with locked(pair.here) as direct:
        pair.end_first()
        await until(pair.flag.exists)
        direct.execute(
            "UPDATE predictions SET status = 'canceled', node = NULL, phase = NULL, completed_at = 1 WHERE id = ?",
            (pair.second,),
        )
    await until(pair.stopped.exists)
    found = await pair.row()
    assert (found.status, found.started_at, found.result) == (Status.CANCELED, None, None)
    assert await pair.here.store.events(pair.second) == []
    # Its place is free again, in the same process.
    gate = pair.here.folders / "gate-first"
    third = await pair.here.run(pair.version, flag=str(pair.here.folders / "flag-third"), gate=str(gate))
    assert third.status is Status.SUCCEEDED


async def test_one_that_another_has_by_then_is_stopped_and_does_not_spoil_what_the_other_does(
    pair: Pair,
) -> None:
    with locked(pair.here) as direct:
        pair.end_first()
        await until(pair.flag.exists)
        direct.execute(
            "UPDATE predictions SET node = 'another', attempt = attempt + 1 WHERE id = ?", (pair.second,)
        )
    await until(pair.stopped.exists)
    found = await pair.row()
    assert (found.status, found.node, found.attempt) == (Status.STARTING, "another", 2)
    assert found.started_at is None and "stopped_by" not in found.metadata


async def test_one_whose_model_dies_meanwhile_has_begun_and_is_lost_once(here: Place) -> None:
    version = await here.model(WAITS_FOR_ITS_GATE.replace('yield "waits "', DIES_ONCE))
    flag, gate = here.folders / "flag", here.folders / "gate"
    other = {"flag": str(here.folders / "flag-other"), "gate": str(gate)}
    (here.folders / "flag-other-died").touch()
    first = await here.create(version, **other)
    await until((here.folders / "flag-other").exists)
    second = await here.create(version, flag=str(flag), gate=str(here.folders / "none"))
    await until(lambda: _held(here, second))
    with locked(here):
        gate.touch()
        await until(Path(f"{flag}-died").exists)
    await here.reaches(second, Status.PROCESSING)
    (here.folders / "none").touch()
    found = await here.ended(second)
    assert (found.status, found.attempt, found.losses) == (Status.SUCCEEDED, 2, 1)
    assert (await here.ended(first)).losses == 0


DIES_ONCE = """
                if not os.path.exists(flag + "-died"):
                    open(flag + "-died", "w").close()
                    os._exit(1)
"""


async def _held(here: Place, prediction_id: str) -> bool:
    found = await here.store.get(prediction_id)
    return found is not None and found.node is not None

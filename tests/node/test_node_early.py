"""Runs that begin while their predictions are being written, because somebody waits for what they say."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from foretell.errors import Code, Error
from foretell.model import Version
from foretell.prediction import Prediction, Status
from foretell.store import promptness
from node.places import Place, until
from node.test_node_begin import WAITS_FOR_ITS_GATE, locked

pytestmark = pytest.mark.anyio

GIVES_A_FILE_FIRST = """
class Predictor(BasePredictor):
    def predict(self, flag: str = "", gate: str = "") -> Iterator[Path]:
        if flag:
            open(flag, "w").close()
            while not os.path.exists(gate):
                time.sleep(0.01)
            os.write(1, b"from below\\n")
        open("note.txt", "w").close()
        yield Path("note.txt")
"""


@pytest.fixture
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of the machine that tests run on may be slow: here it counts as a quick one."""
    monkeypatch.setattr(promptness, "PROMPT_SECONDS", 3600.0)
    monkeypatch.setattr(promptness, "SLOW_SECONDS", 3600.0)


class Caller:
    """One who waits for a prediction of a loaded model, by the files through which it is seen and steered."""

    def __init__(self, here: Place, version: Version, name: str) -> None:
        self.here = here
        self.flag, self.gate = here.folders / f"flag-{name}", here.folders / f"gate-{name}"
        self.stopped = here.folders / f"flag-{name}-stopped"
        self.made = asyncio.create_task(here.awaited(version, flag=str(self.flag), gate=str(self.gate)))

    async def end(self) -> Prediction:
        self.gate.touch()
        return await self.here.ended((await self.made).id)


async def loaded(here: Place, source: str = WAITS_FOR_ITS_GATE, **given: str) -> Version:
    """A model whose process is there, and whose runs last."""
    version = await here.model(source)
    gate = here.folders / "gate-of-the-first"
    first = Caller(here, version, "of-the-first")
    await until(first.flag.exists)
    gate.touch()
    await here.ended((await first.made).id)
    [replica] = [each for each in here.node.fleet.replicas if each.version.id == version.id]
    await until(lambda: replica.is_idle)
    return version


async def ids(here: Place) -> list[str]:
    """All that are written."""
    with closing(sqlite3.connect(here.surroundings.config.data_path / "foretell.db")) as reader:
        return [found for (found,) in reader.execute("SELECT id FROM predictions")]


@pytest.mark.usefixtures("prompt")
async def test_the_child_is_at_it_while_nothing_is_written_yet(here: Place) -> None:
    version = await loaded(here)
    with locked(here):
        caller = Caller(here, version, "early")
        await until(caller.flag.exists)
        assert len(await ids(here)) == 1 and not caller.made.done()
        assert here.node._runs.holds == set()
    made = await caller.made
    assert (made.status, made.attempt, made.node) == (Status.PROCESSING, 1, here.node.incarnation)
    assert made.created_at == made.held_at == made.started_at
    assert here.node._runs.holds == {made.hold}
    assert made == await here.store.get(made.id)
    found = await caller.end()
    assert (found.status, found.result[-1], found.losses) == (Status.SUCCEEDED, "done", 0)


@pytest.mark.usefixtures("prompt")
async def test_one_that_cannot_be_written_is_stopped_and_nothing_of_it_is_left(here: Place) -> None:
    version = await loaded(here)
    with locked(here):
        caller = Caller(here, version, "refused")
        with pytest.raises(Error) as refused:
            await caller.made
        assert refused.value.code is Code.UNAVAILABLE
        await until(caller.stopped.exists)
    assert len(await ids(here)) == 1
    after = Caller(here, version, "after")
    assert (await after.end()).status is Status.SUCCEEDED


@pytest.mark.usefixtures("prompt")
async def test_one_whose_caller_has_gone_meanwhile_is_written_and_goes_on(here: Place) -> None:
    version = await loaded(here)
    with locked(here):
        caller = Caller(here, version, "gone")
        await until(caller.flag.exists)
        caller.made.cancel()
        await asyncio.wait({caller.made})
    caller.gate.touch()

    async def ended() -> Prediction | None:
        found = [await here.store.get(each) for each in await ids(here)]
        return next((each for each in found if each and each.input["flag"] == str(caller.flag)), None)

    made = await until(ended)
    assert (await here.ended(made.id)).status is Status.SUCCEEDED


@pytest.mark.usefixtures("prompt")
async def test_one_that_is_written_while_its_node_stops_goes_back_to_the_queue_without_a_loss(
    here: Place,
) -> None:
    version = await loaded(here)
    with locked(here):
        caller = Caller(here, version, "late")
        await until(caller.flag.exists)
        stopping = asyncio.create_task(here.node.stop(0.0))
        await until(lambda: here.store.offer is None)
    made = await caller.made
    await stopping
    found = await here.store.get(made.id)
    assert found is not None
    assert (found.status, found.node, found.losses) == (Status.STARTING, None, 0)
    assert caller.stopped.exists()


@pytest.mark.usefixtures("prompt")
async def test_one_whose_model_dies_meanwhile_has_begun_and_is_lost_once(here: Place) -> None:
    version = await loaded(here, WAITS_FOR_ITS_GATE.replace('yield "waits "', DIES_ONCE))
    with locked(here):
        caller = Caller(here, version, "dying")
        await until(caller.flag.with_name("flag-dying-died").exists)
    made = await caller.made
    found = await caller.end()
    assert (found.id, found.status, found.attempt, found.losses) == (made.id, Status.SUCCEEDED, 2, 1)


DIES_ONCE = """
                if "dying" in flag and not os.path.exists(flag + "-died"):
                    open(flag + "-died", "w").close()
                    os._exit(1)
"""


async def test_where_commits_take_long_and_the_model_yields_it_is_written_first(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await loaded(here)
    monkeypatch.setattr(promptness, "PROMPT_SECONDS", 0.0)
    with locked(here):
        caller = Caller(here, version, "second")
        # The store has the create, and the child would have had the run by then.
        await until(lambda: not here.store.writes_at_once and here.store._writer._handed_over == 1)
        assert not caller.flag.exists()
    made = await caller.made
    assert made.status is Status.STARTING
    assert (await caller.end()).status is Status.SUCCEEDED


async def test_the_next_run_enters_while_what_the_last_has_said_is_still_being_taken(here: Place) -> None:
    version = await here.model(GIVES_A_FILE_FIRST)
    first = Caller(here, version, "first")
    await until(first.flag.exists)
    second = Caller(here, version, "second")

    async def is_held() -> bool:
        made = second.made.done() and await here.store.get(second.made.result().id)
        return bool(made) and made.node is not None

    await until(is_held)
    with locked(here):
        # Its file cannot be written down, so that it is not over.
        first.gate.touch()
        await until(second.flag.exists)
    found, after = await here.ended((await first.made).id), await second.end()
    assert [found.status, after.status] == [Status.SUCCEEDED] * 2
    assert [await here.logged(each.id) for each in (found, after)] == ["from below\n"] * 2

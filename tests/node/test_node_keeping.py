"""What a node keeps warm, and what it makes anew."""

import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from foretell.model import Version
from foretell.node.breaker import Breaker
from foretell.prediction import Status
from node.places import Place, place, until
from node.replicas import PID, limits, living, place_on, ready

pytestmark = pytest.mark.anyio

EXITS = """
class Predictor(BasePredictor):
    def setup(self):
        with open(os.path.join({folder!r}, str(time.time_ns())), "w"):
            pass
        threading.Timer(0.2, os._exit, (1,)).start()
    def predict(self) -> str:
        return "never"
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
async def here(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Place]:
    """A node on either database."""
    async with place_on(request.param, tmp_path) as found:
        yield found


async def test_a_model_that_is_kept_warm_is_loaded_before_anybody_asks(here: Place) -> None:
    version = await here.model(PID, settings=limits(warm_min=1, idle_seconds=0.1))
    (replica,) = await until(lambda: ready(here, version))
    found = await here.run(version)
    assert found.result == str(replica.pid)
    assert found.metrics["load_time"] == 0


async def test_a_model_that_is_kept_warm_stays_although_it_is_idle_and_another_wants_its_room(
    tmp_path: Path,
) -> None:
    async with place(tmp_path, memory_mb=200) as here:
        warm = await here.model(PID, name="warm", settings=limits(memory_mb=80, warm_min=1, idle_seconds=0.1))
        (before,) = await until(lambda: ready(here, warm))
        others = [await here.model(PID, name=each, settings=limits(memory_mb=80)) for each in ("a", "b")]
        for each in (*others, *others):
            assert (await here.run(each)).status is Status.SUCCEEDED
        (after,) = await living(here, warm)
        assert after.pid == before.pid


async def test_two_are_kept_warm_where_that_is_what_the_author_says(here: Place) -> None:
    version = await here.model(PID, settings=limits(warm_min=2, idle_seconds=0.1))
    found = await until(lambda: ready(here, version, 2))
    assert len({each.pid for each in found}) == 2


async def test_a_warm_process_that_is_killed_is_loaded_again(here: Place) -> None:
    version = await here.model(PID, settings=limits(warm_min=1))
    (before,) = await until(lambda: ready(here, version))
    os.kill(before.pid or 0, signal.SIGKILL)

    async def another() -> bool:
        found = await ready(here, version)
        return bool(found) and found[0].pid != before.pid

    await until(another)


async def test_a_warm_process_that_always_dies_is_loaded_less_and_less_often(tmp_path: Path) -> None:
    folder = tmp_path / "loads"
    folder.mkdir()
    async with place(tmp_path) as here:
        await here.model(EXITS.format(folder=str(folder)), settings=limits(warm_min=1))
        await until(lambda: len(list(folder.iterdir())) >= 4)
        loads = sorted(int(each.name) for each in folder.iterdir())
        pauses = [later - earlier for earlier, later in pairwise(loads)]
        assert pauses[2] > pauses[0]


def test_the_rest_after_deaths_doubles_and_is_forgotten() -> None:
    breaker = Breaker()
    assert not breaker.rests(0.0)
    for death in range(6):
        breaker.died(float(death))
    assert breaker.rests(5.0 + 15.9) and not breaker.rests(5.0 + 16.1)
    assert not breaker.rests(1_000.0)


async def test_a_process_is_made_anew_after_so_many_runs_without_a_gap(here: Place) -> None:
    version = await here.model(PID, settings=limits(restart_after_runs=3))
    found = [await here.run(version) for _ in range(3)]
    assert len({each.result for each in found}) == 1

    async def another() -> bool:
        there = await ready(here, version)
        return bool(there) and str(there[0].pid) != found[0].result

    await until(another)
    after = await here.run(version)
    assert after.result != found[0].result
    assert after.metrics["load_time"] == 0, "the next one was there before it was asked"


async def test_many_runs_over_many_processes_lose_nothing(here: Place) -> None:
    version = await here.model(PID, settings=limits(restart_after_runs=2))
    ids = [await here.create(version, seconds=0.1) for _ in range(40)]
    found = [await here.ended(each) for each in ids]
    assert [(each.status, each.losses) for each in found] == [(Status.SUCCEEDED, 0)] * 40
    assert len({each.result for each in found}) > 1


async def test_a_process_that_has_grown_is_made_anew(here: Place) -> None:
    version = await here.model(PID, settings=limits(restart_growth_mb=80))
    first = (await here.run(version)).result
    assert (await here.run(version, grow_mb=30)).result == first
    assert (await here.run(version, grow_mb=70)).result == first

    async def another() -> bool:
        found = await ready(here, version)
        return bool(found) and str(found[0].pid) != first

    await until(another)


async def test_a_worn_process_ends_first_where_there_is_no_room_for_two(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[{"name": "Tesla T4", "memory_mb": 16_000}]) as here:
        version = await here.model(PID, settings=limits(gpu=1, restart_after_runs=1))
        found = [await here.run(version) for _ in range(3)]
        assert len({each.result for each in found}) == 3
        assert [each.losses for each in found] == [0, 0, 0]


async def test_worn_processes_without_room_for_another_are_made_anew_one_after_the_other(
    tmp_path: Path,
) -> None:
    async with place(tmp_path, gpus=[{"name": "Tesla T4", "memory_mb": 16_000}]) as here:
        version = await here.model(PID, settings=limits(gpu=0.5, warm_min=2, restart_after_runs=1))
        for number in range(4):
            await until(lambda: ready(here, version, 2))
            first, second = str(tmp_path / f"{number}-first"), str(tmp_path / f"{number}-second")
            pairs = ((first, second), (second, first))
            ids = [await here.create(version, flag=own, after=other) for own, other in pairs]
            worn = {(await here.ended(each)).result for each in ids}
            assert len(worn) == 2
            await until(partial(_is_replaced, here, version, worn))
            assert (await here.run(version)).metrics["load_time"] == 0, "one was there all the time"


async def _is_replaced(here: Place, version: Version, worn: set[str | None]) -> bool:
    """Whether one of the two has gone, or has a successor."""
    return {str(each.pid) for each in await living(here, version)} != worn


async def test_what_a_process_holds_is_measured_with_all_that_it_started(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    def setup(self):
        code = "import os, time; kept = bytearray(os.urandom(1)) * 94371840; print(1, flush=True); time.sleep(60)"
        self.helper = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        self.helper.stdout.readline()
    def predict(self) -> str:
        return "hello"
"""
    version = await here.model(source, settings=limits())
    await here.run(version)

    async def measured() -> bool:
        return any((each.memory_mb or 0) > 90 for each in await living(here, version))

    await until(measured)

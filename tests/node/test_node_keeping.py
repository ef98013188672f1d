"""What a node keeps warm, makes anew, and leaves alone because an operator said so."""

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from databases import postgres_database
from foretell.model import Version
from foretell.node.breaker import Breaker
from foretell.prediction import Phase, Status
from foretell.store import Readiness, ReplicaState
from node.places import Place, place, until

pytestmark = pytest.mark.anyio

PID = """
class Predictor(BasePredictor):
    def setup(self):
        self.kept = []
    def predict(self, flag: str = "", after: str = "", grow_mb: int = 0, seconds: float = 0.0) -> str:
        time.sleep(seconds)
        if grow_mb:
            self.kept.append(bytearray(os.urandom(1)) * (grow_mb * 1024 * 1024))
        if flag:
            open(flag, "w").close()
        while after and not os.path.exists(after):
            time.sleep(0.01)
        return str(os.getpid())
"""
EXITS = """
class Predictor(BasePredictor):
    def setup(self):
        with open(os.path.join({folder!r}, str(time.time_ns())), "w"):
            pass
        threading.Timer(0.2, os._exit, (1,)).start()
    def predict(self) -> str:
        return "never"
"""


def limits(**more: Any) -> str:
    given = {"memory_mb": 50} | more
    return "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in given.items())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
async def here(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Place]:
    """A node on either database."""
    async with _on(request.param, tmp_path) as found:
        yield found


@asynccontextmanager
async def _on(database: str, tmp_path: Path) -> AsyncIterator[Place]:
    if database == "sqlite":
        async with place(tmp_path) as found:
            yield found
        return
    with postgres_database() as address:
        async with place(tmp_path, database=address) as found:
            yield found


async def living(here: Place, version: Version) -> list[ReplicaState]:
    states = {Readiness.WANTED, Readiness.FETCHING, Readiness.LOADING, Readiness.READY}
    return [
        each for each in await here.store.replicas() if each.version_id == version.id and each.state in states
    ]


async def ready(here: Place, version: Version, count: int = 1) -> list[ReplicaState] | None:
    found = [each for each in await living(here, version) if each.state is Readiness.READY]
    return found if len(found) == count else None


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


async def test_a_paused_model_accepts_and_does_not_start_until_it_is_resumed(here: Place) -> None:
    version = await here.model(PID, name="paused")
    other = await here.model(PID, name="other")
    await here.store.pause("paused", paused=True)
    await until(lambda: "paused" in here.node.fleet.orders.paused)
    waiting = await here.create(version)
    assert (await here.run(other)).status is Status.SUCCEEDED
    found = await here.store.get(waiting)
    assert found is not None and (found.status, found.node) == (Status.STARTING, None)
    outlook = await here.store.outlook(found)
    assert outlook is not None and outlook.is_paused and outlook.position == 1
    await here.store.pause("paused", paused=False)
    assert (await here.ended(waiting)).status is Status.SUCCEEDED


async def test_a_drained_node_ends_what_it_runs_takes_nothing_more_and_unloads(
    here: Place, tmp_path: Path
) -> None:
    version = await here.model(PID)
    flag, go = tmp_path / "flag", tmp_path / "go"
    running = await here.create(version, flag=str(flag), after=str(go))
    await until(flag.exists)
    (node,) = await here.store.nodes()
    assert await here.store.drain(node.id, drained=True)
    await until(lambda: here.node.fleet.orders.is_drained)
    waiting = await here.create(version)
    go.touch()
    assert (await here.ended(running)).status is Status.SUCCEEDED
    await until(lambda: _is_unloaded(here, version))
    found = await here.store.get(waiting)
    assert found is not None and (found.status, found.phase) == (Status.STARTING, Phase.QUEUED)
    assert await here.store.drain(node.id, drained=False)
    assert (await here.ended(waiting)).status is Status.SUCCEEDED


async def test_a_drained_node_is_drained_still_after_a_restart(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        (node,) = await here.store.nodes()
        await here.store.drain(node.id, drained=True)
    async with place(tmp_path) as here:
        assert here.node.fleet.orders.is_drained


@pytest.mark.needs("postgres")
async def test_the_work_of_a_drained_node_goes_to_another(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    with postgres_database() as address:
        async with place(first, database=address) as here, place(second, database=address) as there:
            assert await there.store.drain(here.node.incarnation, drained=True)
            await until(lambda: here.node.fleet.orders.is_drained)
            assert not there.node.fleet.orders.is_drained
            version = await here.model(PID)
            for _ in range(3):
                await here.run(version)
            assert {each.node for each in await here.store.replicas()} == {there.node.incarnation}


@pytest.mark.needs("postgres")
async def test_what_does_not_fit_on_one_node_is_left_to_another_where_it_does(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    card = [{"name": "Tesla T4", "memory_mb": 16_000}]
    with postgres_database() as address:
        async with place(first, database=address) as here:
            version = await here.model(PID, settings=limits(gpu=1))
            async with place(second, database=address, gpus=card) as there:
                found = await here.run(version)
                assert found.status is Status.SUCCEEDED
                assert {each.node for each in await here.store.replicas()} == {there.node.incarnation}


async def test_an_operator_unloads_a_replica_and_what_it_runs_ends_well(here: Place, tmp_path: Path) -> None:
    version = await here.model(PID)
    flag, go = tmp_path / "flag", tmp_path / "go"
    running = await here.create(version, flag=str(flag), after=str(go))
    await until(flag.exists)
    (replica,) = await living(here, version)
    assert await here.store.unload(replica.id)
    await until(lambda: _is_draining(here, replica.id))
    go.touch()
    found = await here.ended(running)
    assert (found.status, found.losses) == (Status.SUCCEEDED, 0)
    assert (await here.run(version)).result != found.result
    assert not await here.store.unload(replica.id), "it is over"


async def test_an_estimate_is_made_from_what_runs_took_and_unknown_before(
    here: Place, tmp_path: Path
) -> None:
    version = await here.model(PID)
    (node,) = await here.store.nodes()
    await here.store.drain(node.id, drained=True)
    await until(lambda: here.node.fleet.orders.is_drained)
    first = await here.create(version)
    assert await _estimate(here, first) is None
    await here.store.drain(node.id, drained=False)
    await here.ended(first)
    flag, go = tmp_path / "flag", tmp_path / "go"
    began = time.monotonic()
    slow = await here.create(version, flag=str(flag), after=str(go))
    await until(flag.exists)
    await until(lambda: time.monotonic() - began > 1.0)
    go.touch()
    await here.ended(slow)
    await until(lambda: _knows_runs(here, version))
    await here.store.drain(node.id, drained=True)
    await until(lambda: here.node.fleet.orders.is_drained)
    ids = [await here.create(version) for _ in range(3)]
    await until(lambda: _is_unloaded(here, version))
    estimates = [await _estimate(here, each) for each in ids]
    assert all(each is not None and each > 0 for each in estimates)
    assert estimates == sorted(estimates, key=lambda each: each or 0.0)
    assert (estimates[2] or 0) - (estimates[0] or 0) == pytest.approx(
        2 * await _knows_runs(here, version), abs=0.2
    )


async def _estimate(here: Place, prediction_id: str) -> float | None:
    found = await here.store.get(prediction_id)
    assert found is not None
    outlook = await here.store.outlook(found)
    assert outlook is not None
    assert (await here.store.outlooks([found]))[prediction_id] == outlook, "a list says the same"
    return outlook.estimate_seconds


async def _knows_runs(here: Place, version: Version) -> float:
    found = [each.facts for each in await here.store.replicas() if each.version_id == version.id]
    return max((each.run_seconds or 0.0 for each in found if each.runs == 2), default=0.0)


async def _is_unloaded(here: Place, version: Version) -> bool:
    return not await living(here, version)


async def _is_draining(here: Place, replica_id: str) -> bool:
    return any(
        each.id == replica_id and each.state is Readiness.DRAINING for each in await here.store.replicas()
    )

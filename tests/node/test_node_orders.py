"""What a node does because an operator said so, and what it says to those who wait meanwhile."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from databases import postgres_database
from foretell.model import Version
from foretell.prediction import Phase, Status
from foretell.store import Readiness
from node.places import Place, place, until
from node.replicas import PID, limits, living, place_on

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
async def here(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Place]:
    """A node on either database."""
    async with place_on(request.param, tmp_path) as found:
        yield found


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

"""Models on GPUs that a machine is said to have: real processes, each with those that it was given."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from foretell.model import Version
from foretell.prediction import Status
from foretell.store import ReplicaState
from node.places import Place, place, until

pytestmark = pytest.mark.anyio

SEES = """
class Predictor(BasePredictor):
    def predict(self, flag: str = "", after: str = "", seconds: float = 0.0) -> str:
        if flag:
            open(flag, "w").close()
        while after and not os.path.exists(after):
            time.sleep(0.01)
        time.sleep(seconds)
        return os.environ.get("CUDA_VISIBLE_DEVICES", "not set")
"""
SMALL = {"name": "Tesla T4", "memory_mb": 16_000}
LARGE = {"name": "NVIDIA H100 80GB HBM3", "memory_mb": 80_000}


def limits(**more: Any) -> str:
    return "[limits]\nmemory_mb = 50\n" + "".join(f"{name} = {value}\n" for name, value in more.items())


async def living(here: Place, version: Version) -> list[ReplicaState]:
    return [
        each
        for each in await here.store.replicas()
        if each.version_id == version.id and each.state in {"loading", "ready"}
    ]


async def gone(here: Place, version: Version) -> bool:
    return not await living(here, version)


async def test_two_models_get_a_gpu_each_and_one_without_sees_none(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL, SMALL]) as here:
        first, second = [await here.model(SEES, name=each, settings=limits(gpu=1)) for each in ("a", "b")]
        without = await here.model(SEES, name="without")
        found = [await here.run(each) for each in (first, second, without)]
        assert [each.result for each in found] == ["0", "1", ""]
        assert [each.metadata["hardware"] for each in found] == ["Tesla T4", "Tesla T4", "cpu"]
        assert [each.facts.gpus for each in await living(here, second)] == [(1,)]


async def test_a_machine_without_known_gpus_leaves_the_variable_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    async with place(tmp_path) as here:
        assert (await here.run(await here.model(SEES))).result == "7"


async def test_the_smallest_gpu_with_enough_memory_is_given_and_a_large_one_kept_free(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[LARGE, SMALL]) as here:
        modest = await here.model(SEES, name="modest", settings=limits(gpu=1))
        demanding = await here.model(SEES, name="demanding", settings=limits(gpu=1, gpu_memory_mb=40_000))
        assert (await here.run(modest)).result == "1"
        assert (await here.run(demanding)).result == "0"


async def test_halves_share_a_gpu_and_a_whole_one_waits_until_both_are_gone(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL]) as here:
        halves = [await here.model(SEES, name=each, settings=limits(gpu=0.5)) for each in ("a", "b")]
        whole = await here.model(SEES, name="whole", settings=limits(gpu=1))
        flag = tmp_path / "flag"
        ids = [await here.create(each, after=str(flag)) for each in halves]
        for each in ids:
            await here.reaches(each, Status.PROCESSING)
        waiting = await here.create(whole)
        flag.touch()
        found = await here.ended(waiting)
        assert found.result == "0"
        for each in ids:
            half = await here.ended(each)
            assert half.result == "0"
            assert half.completed_at is not None and found.started_at is not None
            assert half.completed_at < found.started_at, "nobody at work is unloaded"


async def test_two_gpus_are_given_together_after_the_idle_ones_on_them_have_left(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL, SMALL, SMALL]) as here:
        ones = [await here.model(SEES, name=each, settings=limits(gpu=1)) for each in ("a", "b", "c")]
        for each in (*ones, ones[0]):
            await here.run(each)
        two = await here.model(SEES, name="two", settings=limits(gpu=2))
        assert (await here.run(two)).result == "1,2"
        assert len(await living(here, ones[0])) == 1, "it was used last, and is spared"


async def test_a_killed_process_gives_its_gpu_back(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL]) as here:
        first = await here.model(SEES, name="first", settings=limits(gpu=1))
        second = await here.model(SEES, name="second", settings=limits(gpu=1))
        await here.run(first)
        (replica,) = await living(here, first)
        assert replica.pid is not None
        os.kill(replica.pid, signal.SIGKILL)
        await until(lambda: gone(here, first))
        assert (await here.run(second)).result == "0"


async def test_what_no_gpu_here_can_hold_fails_at_once_and_says_what_there_is(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL]) as here:
        two = await here.model(SEES, name="two", settings=limits(gpu=2, gpu_memory_mb=24_000))
        failure = (await here.run(two)).failure
        assert failure is not None
        assert failure.message == (
            "The model 'two' cannot run on this machine: it wants 2 GPUs with 24,000 MB each, "
            "and here there is only Tesla T4 (16,000 MB)."
        )


async def test_a_version_with_slots_runs_on_every_gpu_when_more_wait(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL, SMALL]) as here:
        version = await here.model(SEES, settings=limits(gpu=1, slots=2))
        await here.store.pause("model", paused=True)
        await until(lambda: here.node.fleet.orders.paused)
        first, second = str(tmp_path / "first"), str(tmp_path / "second")
        # Neither ends before the other has begun.
        pairs = ((first, second), (second, first))
        ids = [await here.create(version, flag=own, after=other) for own, other in pairs]
        await here.store.pause("model", paused=False)
        found = [await here.ended(each) for each in ids]
        assert sorted(each.result for each in found) == ["0", "1"]


async def test_one_caller_at_a_time_needs_only_one_of_the_slots(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL, SMALL]) as here:
        version = await here.model(SEES, settings=limits(gpu=1, slots=2))
        assert [(await here.run(version)).result for _ in range(4)] == ["0"] * 4
        assert len(await living(here, version)) == 1


async def test_slots_beyond_the_gpus_wait_and_lose_nothing(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL, SMALL]) as here:
        version = await here.model(SEES, settings=limits(gpu=1, slots=5))
        ids = [await here.create(version, seconds=0.1) for _ in range(12)]
        found = [await here.ended(each) for each in ids]
        assert {each.result for each in found} == {"0", "1"}
        assert [each.losses for each in found] == [0] * 12


async def test_a_caller_who_asks_for_a_class_gets_a_gpu_of_it(tmp_path: Path) -> None:
    async with place(tmp_path, gpus=[SMALL, LARGE]) as here:
        version = await here.model(SEES, settings=limits(gpu=1, slots=2))
        found = {each: await here.run_on(version, each) for each in ("h100", "t4")}
        assert found["h100"].result == "1" and found["h100"].metadata["hardware"] == LARGE["name"]
        assert found["t4"].result == "0" and found["t4"].metadata["hardware"] == SMALL["name"]

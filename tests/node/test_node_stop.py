"""A cancel ends the run in a stated bound, whatever its predictor does."""

import asyncio
import time
from pathlib import Path

import psutil
import pytest

from foretell.prediction import Prediction, Status
from node.places import Place, place, until

pytestmark = pytest.mark.anyio

PREDICT = """
class Predictor(BasePredictor):
    def predict(self, flag: str) -> str:
        {body}
        return "finished"
"""
FLAG = "open(flag, 'w').close()"
BOUND_SECONDS = 0.3 + 0.3 + 1.0
"""Both graces of these tests' nodes, and a second for processes to end."""

POLITE = f"{FLAG}\n        while True: time.sleep(0.01)"
BLOCKED = f"{FLAG}\n        time.sleep(60)"
DEAF = f"""{FLAG}
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass"""
STUBBORN = f"""import ctypes
        ctypes.CDLL(None).signal(signal.SIGTERM, 1)  # 1: ignore it
        {FLAG}
        ctypes.CDLL(None).sleep(60)"""
LINKLESS = f"{FLAG}; os.closerange(3, 1000); time.sleep(60)"


async def begun(here: Place, source: str, *, name: str = "model", settings: str = "") -> str:
    """The id of a prediction whose predictor is at work."""
    version = await here.model(source, name=name, settings=settings)
    flag = here.folders / f"flag-{name}"
    prediction_id = await here.create(version, flag=str(flag))
    await until(flag.exists)
    return prediction_id


async def stopped_by(here: Place, prediction_id: str) -> Prediction:
    """The prediction once it is written down how it was stopped."""

    async def look() -> Prediction | None:
        found = await here.store.get(prediction_id)
        return found if found and "stop_seconds" in found.metadata else None

    return await until(look, seconds=5)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("body", "stage"),
    [(POLITE, "cooperative"), (BLOCKED, "terminated"), (DEAF, "terminated"), (STUBBORN, "killed")],
)
async def test_a_cancel_is_answered_at_once_and_done_within_its_bound(
    here: Place, body: str, stage: str
) -> None:
    prediction_id = await begun(here, PREDICT.format(body=body))
    began = time.monotonic()
    canceled = await here.store.cancel(prediction_id, account_id=None)
    assert canceled is not None and canceled.status is Status.CANCELED
    assert time.monotonic() - began < 0.2
    found = await stopped_by(here, prediction_id)
    assert time.monotonic() - began < BOUND_SECONDS
    assert found.metadata["stopped_by"] == stage
    assert found.status is Status.CANCELED and found.result is None


async def test_a_node_keeps_to_deadlines_where_no_api_is(here: Place) -> None:
    version = await here.model(PREDICT.format(body=STUBBORN))
    flag = here.folders / "flag"
    began = time.monotonic()
    runs = await here.create(version, cancel_after_seconds=1.5, flag=str(flag))
    await until(flag.exists)
    waits = await here.create(version, cancel_after_seconds=0.1, flag=str(flag))
    assert (await here.ended(waits)).metadata["canceled_by"] == "deadline"
    found = await stopped_by(here, runs)
    assert found.status is Status.CANCELED
    assert found.metadata["canceled_by"] == "deadline" and found.metadata["stopped_by"] == "killed"
    assert 1.5 < time.monotonic() - began < 1.5 + 1.0 + BOUND_SECONDS


async def test_a_predictor_that_closed_its_link_can_be_canceled(here: Place) -> None:
    prediction_id = await begun(here, PREDICT.format(body=LINKLESS))
    await here.store.cancel(prediction_id, account_id=None)

    async def over() -> bool:
        found = await here.store.get(prediction_id)
        # Without its link a child soon ends; it may have been lost before the cancel came.
        return found is not None and ("stop_seconds" in found.metadata or found.losses > 0)

    await until(over, seconds=5)
    assert (await here.ended(prediction_id)).status is Status.CANCELED


async def test_a_cooperative_cancel_keeps_the_loaded_model(here: Place) -> None:
    source = PREDICT.format(body=f"{FLAG}\n        while 'slow' in flag: time.sleep(0.01)")
    version = await here.model(source)
    flag = here.folders / "slow"
    prediction_id = await here.create(version, flag=str(flag))
    await until(flag.exists)
    await here.store.cancel(prediction_id, account_id=None)
    found = await here.run(version, flag=str(here.folders / "quick"))
    assert found.result == "finished" and found.metrics["load_time"] == 0


async def test_after_a_forced_stop_a_fresh_child_serves_those_who_wait(here: Place) -> None:
    source = PREDICT.format(body=f"{FLAG}\n        if 'slow' in flag: time.sleep(60)")
    version = await here.model(source)
    flag = here.folders / "slow"
    first = await here.create(version, flag=str(flag))
    await until(flag.exists)
    others = [await here.create(version, flag=str(here.folders / f"quick-{each}")) for each in range(3)]
    await here.store.cancel(first, account_id=None)
    found = [await here.ended(each) for each in others]
    assert [(each.result, each.losses) for each in found] == [("finished", 0)] * 3


async def test_a_prediction_canceled_while_its_model_loads_never_runs(here: Place) -> None:
    flag, ran = here.folders / "loading", here.folders / "ran"
    source = f"""
class Predictor(BasePredictor):
    def setup(self):
        open({str(flag)!r}, "w").close()
        time.sleep(0.5)
    def predict(self, flag: str) -> str:
        open(flag, "w").close()
        return "finished"
"""
    version = await here.model(source)
    first = await here.create(version, flag=str(ran))
    await until(flag.exists)
    found = await here.store.get(first)
    assert found is not None and found.status is Status.STARTING and found.phase == "loading"
    await here.store.cancel(first, account_id=None)
    assert (await here.run(version, flag=str(here.folders / "second"))).result == "finished"
    assert not ran.exists()


async def test_a_delete_stops_the_run(here: Place) -> None:
    prediction_id = await begun(here, PREDICT.format(body=BLOCKED))
    (pid,) = [each.pid for each in await here.store.replicas()]
    await here.store.delete(prediction_id, account_id=None)
    await until(lambda: _is_gone(pid), seconds=5)


async def test_a_member_that_does_not_yield_is_abandoned_and_its_neighbours_finish(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    async def predict(self, flag: str) -> str:
        open(flag, "w").close()
        seconds = 60 if "stubborn" in flag else 0.6
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                await asyncio.sleep(0.01)
            except BaseException:
                pass
        return "finished"
"""
    version = await here.model(source, settings="concurrency = 4\n")
    flags = [here.folders / each for each in ("stubborn", "a", "b")]
    ids = [await here.create(version, flag=str(each)) for each in flags]
    await until(lambda: all(each.exists() for each in flags))
    await here.store.cancel(ids[0], account_id=None)
    assert (await stopped_by(here, ids[0])).metadata["stopped_by"] == "abandoned"
    found = [await here.ended(each) for each in ids[1:]]
    assert [(each.result, each.losses) for each in found] == [("finished", 0)] * 2
    later = await here.run(version, flag=str(here.folders / "later"))
    assert later.result == "finished"


async def test_neighbours_that_outlast_the_grace_go_back_without_a_loss(here: Place) -> None:
    """The replica's own grace (`shutdown_seconds`) is half a second here."""
    source = """
class Predictor(BasePredictor):
    async def predict(self, flag: str) -> str:
        first = not os.path.exists(flag)
        open(flag, "w").close()
        until = time.monotonic() + (60 if first else 0)
        while time.monotonic() < until:
            try:
                await asyncio.sleep(0.01)
            except BaseException:
                pass
        return "finished"
"""
    version = await here.model(source, settings="concurrency = 2\n")
    flags = [here.folders / each for each in ("a", "b")]
    ids = [await here.create(version, flag=str(each)) for each in flags]
    await until(lambda: all(each.exists() for each in flags))
    await here.store.cancel(ids[0], account_id=None)
    found = await here.ended(ids[1])
    assert (found.result, found.losses, found.attempt) == ("finished", 0, 2)


async def test_a_graceful_stop_lets_runs_end_and_sends_the_rest_back(tmp_path: Path) -> None:
    source = PREDICT.format(body=f"{FLAG}\n        time.sleep(float(os.path.basename(flag)))")
    async with place(tmp_path) as here:
        quick, slow = await here.model(source, name="quick"), await here.model(source, name="slow")
        flags = [here.folders / "0.4", here.folders / "60.0"]
        ids = [await here.create(quick, flag=str(flags[0])), await here.create(slow, flag=str(flags[1]))]
        await until(lambda: all(each.exists() for each in flags))
        ids.append(await here.create(slow, flag=str(here.folders / "0.0")))
        pids = [each.pid for each in await here.store.replicas()]
        began = time.monotonic()
        await here.node.stop(1.0)
        assert time.monotonic() - began < 1.0 + BOUND_SECONDS
        found = [await here.store.get(each) for each in ids]
        assert [each and each.status for each in found] == [
            Status.SUCCEEDED,
            Status.STARTING,
            Status.STARTING,
        ]
        assert [each and (each.node, each.losses) for each in found[1:]] == [(None, 0)] * 2
        assert all(_is_gone(pid) for pid in pids)


async def test_a_grandchild_ends_with_its_run(here: Place) -> None:
    source = PREDICT.format(
        body="found = subprocess.Popen(['sleep', '60'])\n"
        "        open(flag + '.pid', 'w').write(str(found.pid))\n"
        "        os.rename(flag + '.pid', flag); time.sleep(60)"
    )
    prediction_id = await begun(here, source)
    pid = int((here.folders / "flag-model").read_text())
    await here.store.cancel(prediction_id, account_id=None)
    await until(lambda: _is_gone(pid), seconds=5)


def _is_gone(pid: int | None) -> bool:
    assert pid is not None
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_cancels_in_a_storm_leave_nothing_behind(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    def predict(self, number: int) -> int:
        for _ in range(number): time.sleep(0.001)
        return number
"""
    version = await here.model(source)
    ids = [await here.create(version, number=each % 7) for each in range(60)]

    async def cancel(prediction_id: str) -> None:
        await here.store.cancel(prediction_id, account_id=None)

    await asyncio.gather(*(cancel(each) for each in ids[::2]))
    found = [await here.ended(each) for each in ids]
    assert all(each.status is Status.SUCCEEDED for each in found[1::2])
    assert {each.status for each in found[::2]} <= {Status.SUCCEEDED, Status.CANCELED}
    assert await here.store.held(here.node.incarnation) == []

"""A model whose `predict_batch` takes several predictions is given them together; each stays one of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from foretell.prediction import Prediction, Status
from node.places import Place, until
from node.replicas import place_on

pytestmark = pytest.mark.anyio

SOURCE = """
import foretell
class Predictor(BasePredictor):
    def predict(self, word: str = "", width: int = 1, hold: str = "", seed: int = 0) -> str:
        print("alone", word)
        return self.answer(1, word)
    def predict_batch(self, inputs):
        for index, each in enumerate(inputs):
            with foretell.member(index):
                print("together", each["word"])
        if hold := next((each["hold"] for each in inputs if each["hold"]), ""):
            open(hold, "w").close()
            while not os.path.exists(hold + "-on"):
                time.sleep(0.005)
        words = [each["word"] for each in inputs]
        if "raise" in words:
            raise RuntimeError("together they cannot")
        if "die" in words:
            os._exit(3)
        return [ValueError("no") if word == "fail" else self.answer(len(words), word) for word in words]
    def answer(self, count, word):
        if word == "die":
            os._exit(3)
        if word == "raise":
            raise ValueError("nor alone")
        return f"{count} {word}"
"""
HOLDING = SOURCE.replace(
    'print("alone", word)',
    'print("alone", word)\n        if hold:\n            open(hold, "w").close()\n'
    '            while not os.path.exists(hold + "-on"): time.sleep(0.005)',
)


def batching(size: int = 8, wait_ms: float = 5, equal: str = "[]") -> str:
    return f"[batching]\nsize = {size}\nwait_ms = {wait_ms}\nequal = {equal}\n"


def go_on(flag: Path) -> None:
    """Lets those go on that said by that file that they are at work."""
    Path(f"{flag}-on").touch()


class Held:
    """A model whose replica is at work, so that what comes meanwhile goes together afterwards."""

    def __init__(self, here: Place, settings: str = "") -> None:
        self._here, self._settings = here, settings or batching()
        self._flag = here.folders / "first"

    async def __aenter__(self) -> "Held":
        self.version = await self._here.model(HOLDING, settings=self._settings)
        self.first = await self._here.create(self.version, word="first", hold=str(self._flag))
        await until(self._flag.exists)
        return self

    async def __aexit__(self, *_: object) -> None:
        go_on(self._flag)

    async def create(self, *inputs: dict[str, Any]) -> list[str]:
        """The ids of predictions that wait; returns when the node holds them."""
        ids = [await self._here.create(self.version, **each) for each in inputs]
        await until(lambda: self._are_held(ids))
        return ids

    async def _are_held(self, ids: list[str]) -> bool:
        found = [await self._here.store.get(each) for each in ids]
        return all(each is not None and each.hold is not None for each in found)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
async def here(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Place]:
    """A node on either database."""
    async with place_on(request.param, tmp_path) as found:
        yield found


async def ended(here: Place, ids: list[str]) -> list[Prediction]:
    return [await here.ended(each) for each in ids]


async def test_predictions_that_wait_go_together_and_each_gets_its_own_value(here: Place) -> None:
    async with Held(here) as held:
        ids = await held.create(*({"word": word} for word in ("a", "b", "c", "d")))
    found = await ended(here, ids)
    assert [each.result for each in found] == ["4 a", "4 b", "4 c", "4 d"]
    assert [each.metrics["batch_size"] for each in found] == [4] * 4
    assert [await here.logged(each) for each in ids] == [f"together {word}\n" for word in "abcd"]


async def test_one_that_is_alone_is_run_alone_and_does_not_wait(here: Place) -> None:
    version = await here.model(SOURCE, settings=batching(wait_ms=1_000))
    await here.run(version, word="warm")
    found = await here.run(version, word="one")
    assert found.result == "1 one" and "batch_size" not in found.metrics
    assert found.metrics["total_time"] < 0.9


async def test_a_batch_is_no_larger_than_its_author_says(here: Place) -> None:
    async with Held(here, batching(size=3)) as held:
        ids = await held.create(*({"word": word} for word in "abcde"))
    assert [each.result for each in await ended(here, ids)] == ["3 a", "3 b", "3 c", "2 d", "2 e"]


async def test_only_what_is_equal_in_the_inputs_that_are_marked_goes_together(here: Place) -> None:
    async with Held(here, batching(equal='["width"]')) as held:
        ids = await held.create(*({"word": f"{seed}", "width": seed % 2, "seed": seed} for seed in range(5)))
    found = await ended(here, ids)
    assert [each.result for each in found] == ["3 0", "2 1", "3 2", "2 3", "3 4"]


async def test_who_has_waited_longest_is_in_the_next_batch(here: Place) -> None:
    async with Held(here, batching(equal='["width"]')) as held:
        ids = await held.create({"word": "odd", "width": 3}, *({"word": f"{each}"} for each in range(3)))
    odd, *others = await ended(here, ids)
    assert odd.started_at is not None
    assert all(odd.started_at <= (each.started_at or 0) for each in others)


async def test_an_exception_that_is_returned_fails_one_and_leaves_the_others(here: Place) -> None:
    async with Held(here) as held:
        ids = await held.create({"word": "a"}, {"word": "fail"}, {"word": "c"})
    first, failed, last = await ended(here, ids)
    assert (first.result, last.result) == ("3 a", "3 c")
    assert failed.failure is not None and (failed.failure.code, failed.failure.message) == ("raised", "no")


async def test_after_an_exception_of_the_batch_each_is_run_alone_and_none_is_lost(here: Place) -> None:
    async with Held(here) as held:
        ids = await held.create({"word": "a"}, {"word": "raise"}, {"word": "c"})
    first, failed, last = found = await ended(here, ids)
    assert (first.result, last.result) == ("1 a", "1 c")
    assert failed.failure is not None and failed.failure.message == "nor alone"
    assert [each.losses for each in found] == [0, 0, 0] and [each.attempt for each in found] == [1, 1, 1]
    assert "together they cannot" in await here.logged(ids[0])
    assert "batch_size" not in first.metrics


async def test_a_process_that_dies_with_a_batch_runs_its_members_alone_afterwards(here: Place) -> None:
    async with Held(here) as held:
        ids = await held.create({"word": "a"}, {"word": "die"}, {"word": "c"})
    first, dead, last = await ended(here, ids)
    assert (first.result, last.result) == ("1 a", "1 c") and (first.losses, last.losses) == (1, 1)
    assert dead.failure is not None and dead.failure.code == "worker_lost"


async def test_a_cancel_of_one_is_done_at_once_and_does_not_disturb_the_others(here: Place) -> None:
    flag = here.folders / "batch"
    async with Held(here) as held:
        ids = await held.create(*({"word": word, "hold": str(flag)} for word in "abc"))
    await until(flag.exists)
    canceled = await here.store.cancel(ids[1], account_id=None)
    assert canceled is not None and canceled.status is Status.CANCELED

    async def is_told() -> bool:
        found = await here.store.get(ids[1])
        return found is not None and found.metadata.get("stopped_by") == "abandoned"

    await until(is_told)
    go_on(flag)
    first, gone, last = await ended(here, ids)
    assert (first.result, last.result) == ("3 a", "3 c")
    assert gone.status is Status.CANCELED and gone.result is None
    assert (await here.run(held.version, word="next")).metrics["load_time"] == 0


async def test_a_batch_of_which_all_are_canceled_is_stopped(here: Place) -> None:
    flag = here.folders / "batch"
    async with Held(here) as held:
        ids = await held.create(*({"word": word, "hold": str(flag)} for word in "abc"))
    await until(flag.exists)
    for each in ids:
        await here.store.cancel(each, account_id=None)
    found = await asyncio.wait_for(here.run(held.version, word="next"), 5.0)
    assert found.result == "1 next" and found.metrics["load_time"] == 0


async def test_one_that_is_canceled_while_it_waits_is_in_no_batch(here: Place) -> None:
    async with Held(here) as held:
        ids = await held.create(*({"word": word} for word in "abc"))
        await here.store.cancel(ids[1], account_id=None)
        await until(lambda: _is_left_by(here, ids[1]))
    first, gone, last = await ended(here, ids)
    assert (first.result, last.result) == ("2 a", "2 c") and gone.status is Status.CANCELED


def _is_left_by(here: Place, prediction_id: str) -> bool:
    return all(prediction_id not in each.assigned for each in here.node.fleet.replicas)


async def test_all_members_of_a_batch_that_takes_too_long_fail_in_time(here: Place) -> None:
    settings = batching() + "[limits]\nmemory_mb = 50\nrun_timeout_seconds = 1.0\n"
    flag = here.folders / "batch"
    async with Held(here, settings) as held:
        ids = await held.create(*({"word": word, "hold": str(flag)} for word in "abc"))
    found = await ended(here, ids)
    assert [each.failure.code if each.failure else "" for each in found] == ["timeout"] * 3
    assert (await here.run(held.version, word="next")).result == "1 next"


async def test_time_and_cpu_of_a_batch_are_shared_out(here: Place) -> None:
    source = SOURCE.replace('words = [each["word"]', 'time.sleep(0.4)\n        words = [each["word"]')
    version = await here.model(source, settings=batching(wait_ms=500))
    ids = [await here.create(version, word=word) for word in "abcd"]
    found = [each for each in await ended(here, ids) if each.metrics.get("batch_size", 1) > 1]
    assert found
    for each in found:
        share = 0.4 / each.metrics["batch_size"]
        assert share <= each.metrics["predict_time"] < share + 0.2


async def test_a_process_that_is_killed_in_the_middle_of_a_batch_loses_nothing(here: Place) -> None:
    flag = here.folders / "batch"
    async with Held(here) as held:
        ids = await held.create(*({"word": word, "hold": str(flag)} for word in "abcde"))
    await until(flag.exists)
    (replica,) = (each for each in here.node.fleet.replicas if each.pid is not None)
    assert replica.pid is not None
    os.kill(replica.pid, signal.SIGKILL)
    go_on(flag)
    found = await ended(here, ids)
    assert {each.status for each in found} == {Status.SUCCEEDED}
    assert [each.result for each in found] == [f"1 {word}" for word in "abcde"]
    assert {each.losses for each in found} == {1}

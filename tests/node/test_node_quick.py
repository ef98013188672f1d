"""What a prediction is where its model answers in a moment, and what it is when for once it does not."""

import asyncio

import pytest

from foretell.model import Version
from foretell.prediction import Status
from node.places import Place, until

pytestmark = pytest.mark.anyio

MOODY = """
class Predictor(BasePredictor):
    def predict(self, text: str = "x") -> str:
        if text == "slowly":
            print("going slowly")
            time.sleep(600)
        if text == "die":
            os._exit(3)
        if text == "raise":
            raise ValueError("not this one")
        if text == "tell":
            print("told")
            self.record_metric("words", 2)
        return text.upper()
"""
WARMING = 40


async def warm(here: Place, source: str = MOODY) -> Version:
    """A model that has shown that it is quick."""
    version = await here.model(source)
    for _ in range(WARMING):
        await here.run(version)
    [replica] = [each for each in here.node.fleet.replicas if each.version.id == version.id]
    assert replica.ahead.most > 1
    return version


async def test_where_a_place_is_free_a_prediction_is_held_from_the_first(here: Place) -> None:
    version = await warm(here)
    seen = here.store.notices.subscribe("waiting")
    with seen:
        found = await here.run(version, text="at once")
        assert not await seen.wait(0.0)
    assert (found.status, found.result, found.attempt) == (Status.SUCCEEDED, "AT ONCE", 1)
    assert found.held_at == found.created_at
    assert found.started_at is not None and found.completed_at is not None
    assert found.created_at <= found.started_at <= found.completed_at
    assert found.metrics["predict_time"] < 1 and found.metrics["progress"] == 100


async def test_a_burst_of_quick_runs_ends_each_with_its_own_answer(here: Place) -> None:
    version = await warm(here)
    made = await asyncio.gather(*(here.create(version, text=f"t{number}") for number in range(100)))
    found = [await here.ended(each) for each in made]
    assert [each.result for each in found] == [f"T{number}" for number in range(100)]
    assert all(each.started_at is not None and each.losses == 0 for each in found)


async def test_what_a_quick_run_prints_and_counts_is_kept(here: Place) -> None:
    found = await here.run(await warm(here), text="tell")
    assert found.result == "TELL" and found.metrics["words"] == 2
    assert await here.logged(found.id) == "told\n"


async def test_a_quick_models_error_fails_its_own_prediction_alone(here: Place) -> None:
    version = await warm(here)
    texts = ["a", "raise", "b"]
    made = await asyncio.gather(*(here.create(version, text=each) for each in texts))
    found = [await here.ended(each) for each in made]
    assert [each.status.value for each in found] == ["succeeded", "failed", "succeeded"]
    assert found[1].failure is not None and "not this one" in found[1].failure.message


async def test_a_run_that_is_not_quick_for_once_is_seen_to_begin_and_can_be_stopped(here: Place) -> None:
    version = await warm(here)
    slow = await here.create(version, text="slowly")
    behind = await here.create(version, text="behind")
    running = await here.reaches(slow, Status.PROCESSING)
    assert running.started_at is not None
    assert await until(lambda: here.logged(slow)) == "going slowly\n"
    waiting = await here.store.get(behind)
    assert waiting is not None and waiting.status is Status.STARTING
    await here.store.cancel(slow, account_id=None)
    assert (await here.ended(slow)).status is Status.CANCELED
    after = await here.ended(behind)
    assert (after.result, after.losses) == ("BEHIND", 0)


async def test_one_that_waits_behind_a_slow_run_can_be_canceled_and_never_runs(here: Place) -> None:
    version = await warm(here)
    slow, behind = await here.create(version, text="slowly"), await here.create(version, text="tell")
    await here.reaches(slow, Status.PROCESSING)
    await here.store.cancel(behind, account_id=None)
    await here.store.cancel(slow, account_id=None)
    assert (await here.ended(behind)).started_at is None
    assert (await here.run(version, text="next")).result == "NEXT"
    assert await here.logged(behind) == ""


async def test_whose_process_dies_has_lost_and_those_behind_it_have_not(here: Place) -> None:
    version = await warm(here)
    texts = ["die", *(f"t{number}" for number in range(10))]
    made = await asyncio.gather(*(here.create(version, text=each) for each in texts))
    found = [await here.ended(each) for each in made]
    assert (found[0].status, found[0].failure and found[0].failure.code) == (Status.FAILED, "worker_lost")
    assert [each.result for each in found[1:]] == [f"T{number}" for number in range(10)]
    assert all(each.losses == 0 for each in found[1:])


async def test_a_node_that_stops_sends_back_what_waits_behind_a_run(here: Place) -> None:
    version = await warm(here)
    slow, behind = await here.create(version, text="slowly"), await here.create(version, text="behind")
    await here.reaches(slow, Status.PROCESSING)
    await here.node.stop(0.1)
    for each in (slow, behind):
        found = await here.store.get(each)
        assert found is not None
        assert (found.status, found.node, found.losses) == (Status.STARTING, None, 0)


PAINTER = """
from foretell import preview

class Predictor(BasePredictor):
    def predict(self, text: str = "x") -> Any:
        if text != "paint":
            return text
        preview(bytes.fromhex("89504e470d0a1a0a" + "00" * 60))
        path = Path("painted.txt")
        path.write_text("a picture")
        return path
"""


async def test_a_quick_models_files_and_previews_are_taken_like_any_others(here: Place) -> None:
    version = await warm(here, PAINTER)
    made = await asyncio.gather(*(here.create(version, text=each) for each in ("a", "paint", "b", "paint")))
    found = [await here.ended(each) for each in made]
    assert [each.status for each in found] == [Status.SUCCEEDED] * 4
    assert [len(await here.store.files_of(each.id)) for each in found] == [0, 1, 0, 1]

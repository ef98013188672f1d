"""Predictions whose callers wait for an end that is a moment away: they run first, and are written with it."""

import asyncio

import pytest

from foretell.errors import Code, Error
from foretell.prediction import Status
from foretell.store import Store
from node.places import Place, until
from node.test_node_quick import PAINTER, warm

pytestmark = pytest.mark.anyio


def lands(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of those that are written with their end, from now on."""
    found: list[str] = []
    land = store.land

    def noted(asked, then):
        found.append(asked.prediction.id)
        land(asked, then)

    monkeypatch.setattr(store, "land", noted)
    return found


async def test_who_waits_for_a_quick_model_is_given_what_was_written_once(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await warm(here)
    landed = lands(here.store, monkeypatch)
    found = await here.awaited(version, text="at once")
    assert landed == [found.id]
    assert (found.status, found.result, found.attempt) == (Status.SUCCEEDED, "AT ONCE", 1)
    assert found == await here.store.get(found.id)
    assert found.started_at is not None and found.completed_at is not None
    assert found.created_at <= found.started_at <= found.completed_at
    assert found.metrics["predict_time"] < 1 and found.metrics["progress"] == 100


async def test_a_burst_of_them_ends_each_with_its_own_answer(here: Place) -> None:
    version = await warm(here)
    made = await asyncio.gather(*(here.awaited(version, text=f"t{number}") for number in range(200)))
    found = [await here.ended(each.id) for each in made]
    assert [each.result for each in found] == [f"T{number}" for number in range(200)]
    assert all(each.losses == 0 for each in found)


async def test_one_that_lasts_is_written_before_its_end_and_can_be_stopped(here: Place) -> None:
    version = await warm(here)
    slow = await here.awaited(version, text="slowly")
    assert not slow.status.is_terminal and slow.node == here.node.incarnation
    running = await here.reaches(slow.id, Status.PROCESSING)
    assert running.started_at is not None
    assert await until(lambda: here.logged(slow.id)) == "going slowly\n"
    await here.store.cancel(slow.id, account_id=None)
    assert (await here.ended(slow.id)).status is Status.CANCELED
    assert (await here.ended((await here.awaited(version, text="next")).id)).result == "NEXT"


async def test_those_behind_one_that_lasts_are_written_and_wait(here: Place) -> None:
    version = await warm(here)
    slow, behind = await asyncio.gather(
        here.awaited(version, text="slowly"), here.awaited(version, text="behind")
    )
    assert not behind.status.is_terminal
    await here.reaches(slow.id, Status.PROCESSING)
    await here.store.cancel(slow.id, account_id=None)
    after = await here.ended(behind.id)
    assert (after.result, after.losses) == ("BEHIND", 0)


async def test_what_one_prints_is_kept_although_it_was_not_written_yet(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await warm(here)
    landed = lands(here.store, monkeypatch)
    found = await here.ended((await here.awaited(version, text="tell")).id)
    assert found.result == "TELL" and found.metrics["words"] == 2
    assert await here.logged(found.id) == "told\n"
    assert landed == []


async def test_a_models_error_fails_a_prediction_that_is_there(here: Place) -> None:
    version = await warm(here)
    found = await here.ended((await here.awaited(version, text="raise")).id)
    assert found.status is Status.FAILED
    assert found.failure is not None and "not this one" in found.failure.message


async def test_one_whose_process_dies_is_there_and_has_lost(here: Place) -> None:
    version = await warm(here)
    texts = ["die", *(f"t{number}" for number in range(10))]
    made = await asyncio.gather(*(here.awaited(version, text=each) for each in texts))
    found = [await here.ended(each.id) for each in made]
    assert (found[0].status, found[0].failure and found[0].failure.code) == (Status.FAILED, "worker_lost")
    assert [each.result for each in found[1:]] == [f"T{number}" for number in range(10)]
    assert all(each.losses == 0 for each in found[1:])


async def test_its_files_are_taken_like_any_others(here: Place) -> None:
    version = await warm(here, PAINTER)
    made = await asyncio.gather(*(here.awaited(version, text=each) for each in ("a", "paint", "b", "paint")))
    found = [await here.ended(each.id) for each in made]
    assert [each.status for each in found] == [Status.SUCCEEDED] * 4
    assert [len(await here.store.files_of(each.id)) for each in found] == [0, 1, 0, 1]


async def test_one_that_is_not_written_is_no_hold_that_a_beat_could_miss(here: Place) -> None:
    version = await warm(here)
    waiting = asyncio.create_task(here.awaited(version, text="slowly"))
    runs = here.node._runs
    while not runs._runs:  # noqa: ASYNC110 - it is so for a moment only
        await asyncio.sleep(0)
    assert runs.holds == set()
    await here.node._heartbeat.beat()
    slow = await waiting
    assert runs.holds == {slow.hold}
    await here.store.cancel(slow.id, account_id=None)
    assert (await here.ended(slow.id)).status is Status.CANCELED


async def test_where_somebody_waits_nobody_runs_first(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    version = await warm(here)
    landed = lands(here.store, monkeypatch)
    here.node._scheduler.waited_for.add(version.lane())
    found = await here.ended((await here.awaited(version, text="in turn")).id)
    assert found.result == "IN TURN" and landed == []
    # Nobody does any more, as the next look says.
    await here.node._scheduler._look()
    await here.awaited(version, text="at once")
    assert len(landed) == 1


async def test_what_cannot_be_written_is_refused_and_leaves_the_model_free(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await warm(here)
    refusal = Error(Code.UNAVAILABLE, "The database cannot be written now.")

    def refused(asked, then):
        then(refusal)
        raise refusal

    with monkeypatch.context() as patch:
        patch.setattr(here.store, "land", refused)
        with pytest.raises(Error) as met:
            await here.awaited(version, text="lost")
    assert met.value is refusal
    assert (await here.ended((await here.awaited(version, text="next")).id)).result == "NEXT"
    assert await here.store.list_predictions(account_id=None, text="lost") == ([], 0)


async def test_one_that_lasts_and_cannot_be_written_is_stopped(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await warm(here)
    refusal = Error(Code.UNAVAILABLE, "The database cannot be written now.")

    def refused(new, bounds=None, claim=None, place=None):
        place.give_up()
        raise refusal

    with monkeypatch.context() as patch:
        patch.setattr(here.store, "creating", refused)
        with pytest.raises(Error):
            await here.awaited(version, text="slowly")
    assert (await here.ended((await here.awaited(version, text="next")).id)).result == "NEXT"


async def test_an_end_that_cannot_be_written_is_a_prediction_that_failed(
    here: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    version = await warm(here)

    def broken(asked, then):
        then(ValueError("no such column"))

    with monkeypatch.context() as patch:
        patch.setattr(here.store, "land", broken)
        found = await here.ended((await here.awaited(version, text="odd")).id)
    # The usual way could write it.
    assert (found.status, found.result) == (Status.SUCCEEDED, "ODD")
    assert "cannot be written" in caplog.text


async def test_a_node_that_stops_writes_what_it_had_begun(here: Place) -> None:
    version = await warm(here)
    waiting = [asyncio.create_task(here.awaited(version, text=each)) for each in ("slowly", "behind")]
    await until(lambda: here.node._runs._runs)
    await here.node.stop(0.1)
    for each in [await task for task in waiting]:
        found = await here.store.get(each.id)
        assert found is not None
        assert (found.status, found.node, found.losses) == (Status.STARTING, None, 0)

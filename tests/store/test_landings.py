"""Predictions that have run when they are written: they are there whole, or not at all."""

import asyncio
from dataclasses import dataclass, field

import pytest

from foretell.allowance import Allowance, Bounds
from foretell.errors import Code, Error
from foretell.prediction import NewPrediction, Outcome, Prediction, Status
from foretell.pricing import Pricing
from foretell.retention import Retention
from foretell.store import Claim, Store
from foretell.store.landings import Landing
from foretell.store.rows import created, encoded
from samples import DONE, SECOND, Clock, asking, new_prediction

pytestmark = pytest.mark.anyio

OPEN = Bounds(model="echo")


@dataclass
class Place:
    """One in which everything is over before it is written."""

    store: Store
    node: str = "n1"
    is_running: bool = False
    has_begun: bool = False
    given_up: int = 0
    started: list[Prediction] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    outcome: Outcome = DONE

    def start(self, prediction: Prediction) -> None:
        self.started.append(prediction)

    def give_up(self) -> None:
        self.given_up += 1

    def run(self, new: NewPrediction, *, may_land: bool) -> asyncio.Future[Prediction]:
        self.ran.append(new.id)
        written: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
        landing = Landing(
            prediction=created(new, at=0, node=self.node),
            input=encoded(new.input),
            input_hash=new.input_hash,
            outcome=self.outcome,
            asked_seconds=0.003,
            ran_seconds=0.001,
        )

        def settle(result: Prediction | Exception) -> None:
            if isinstance(result, Exception):
                written.set_exception(result)
            else:
                written.set_result(result)

        self.store.land(landing, settle)
        return written


@pytest.fixture
def place(store: Store) -> Place:
    found = Place(store)
    store.offer = lambda new: found
    return found


async def test_what_has_run_is_written_whole(store: Store, place: Place, clock: Clock) -> None:
    made = await store.create_within(new_prediction(request={"dialect": "x"}), OPEN, awaited=True)
    found = await store.get(made.prediction.id)
    assert found == made.prediction
    assert (found.status, found.result, found.metrics) == (Status.SUCCEEDED, DONE.result, DONE.metrics)
    assert (found.node, found.attempt, found.phase, found.losses) == (None, 1, None, 0)
    assert found.request == {"dialect": "x"}
    assert found.completed_at == found.updated_at
    assert found.completed_at - found.created_at == 3_000
    assert found.created_at == found.held_at
    assert found.started_at is not None and found.completed_at - found.started_at == 1_000
    assert (place.started, place.given_up) == ([], 0)


async def test_nobody_can_take_or_cancel_what_has_landed(store: Store, place: Place) -> None:
    made = (await store.create_within(new_prediction(), OPEN, awaited=True)).prediction
    assert await store.waiting() == []
    assert await store.take(made.lane, node="n2", count=1) == []
    canceled = await store.cancel(made.id, account_id="ann")
    assert canceled is not None and canceled.status is Status.SUCCEEDED


async def test_many_land_in_one_group_each_with_its_own(store: Store, place: Place) -> None:
    news = [new_prediction(input={"prompt": f"p{number}"}) for number in range(100)]
    made = await asyncio.gather(*(store.create_within(each, OPEN, awaited=True) for each in news))
    assert [each.prediction.id for each in made] == [each.id for each in news]
    found, count = await store.list_predictions(account_id="ann", limit=100)
    assert count == 100
    assert {each.id: each.input for each in found} == {each.id: each.input for each in news}


async def test_when_its_parts_are_to_go_is_written_with_it(store: Store, place: Place, clock: Clock) -> None:
    kept = Retention(keep_outputs_seconds=60)
    made = (await store.create_within(new_prediction(retention=kept), OPEN, awaited=True)).prediction
    clock.pass_seconds(61)
    assert await store.purge(limit=10) == 1
    found = await store.get(made.id)
    assert found is not None and found.result is None and found.data_removed_at is not None


async def test_onlookers_hear_of_an_end_once(store: Store, place: Place) -> None:
    heard: list[str] = []
    store.on_end = lambda prediction: heard.append(prediction.id)
    made = await store.create_within(new_prediction(), OPEN, awaited=True)
    assert heard == [made.prediction.id]


@pytest.mark.parametrize(
    "changes",
    [
        {"pricing": Pricing()},
        {"webhook": asking("completed")},
        {"cancel_after_seconds": 5.0},
        {"queue_seconds": 5.0},
    ],
    ids=lambda each: next(iter(each)),
)
async def test_what_may_be_refused_or_told_on_the_way_is_written_before_it_runs(
    store: Store, place: Place, changes: dict[str, object]
) -> None:
    made = await store.create_within(new_prediction(**changes), OPEN, awaited=True)
    assert place.ran == []
    assert [each.id for each in place.started] == [made.prediction.id]


async def test_what_an_allowance_may_refuse_is_written_before_it_runs(store: Store, place: Place) -> None:
    bounds = Bounds(model="echo", account=Allowance(requests_per_minute=1))
    await store.create_within(new_prediction(), bounds, awaited=True)
    with pytest.raises(Error) as refused:
        await store.create_within(new_prediction(), bounds, awaited=True)
    assert refused.value.code is Code.RATE_LIMITED
    assert (place.ran, place.given_up) == ([], 1)


async def test_what_may_be_asked_for_again_is_written_before_it_runs(store: Store, place: Place) -> None:
    claim = Claim("ann", "/v1/predictions", "key", 0, "f" * 64)
    await store.create_within(new_prediction(), OPEN, claim, awaited=True)
    again = await store.create_within(new_prediction(), OPEN, claim, awaited=True)
    assert again.is_replay and place.ran == []


async def test_who_does_not_wait_for_the_end_is_written_before_it_runs(store: Store, place: Place) -> None:
    made = await store.create_within(new_prediction(), OPEN)
    assert place.ran == [] and made.prediction.status is Status.STARTING


async def test_a_place_in_which_it_runs_already_is_its_own_whoever_waits(store: Store) -> None:
    waiting = await store.create(new_prediction())
    place = Place(store, is_running=True)
    made = await store.creating(new_prediction(), place=place)
    assert made.prediction.node == "n1"
    assert [each.id for each in place.started] == [made.prediction.id]
    assert [each.id for each in await store.take(waiting.lane, node="n2", count=5)] == [waiting.id]


async def test_an_instant_is_never_before_the_one_in_which_it_was_asked_for(
    store: Store, clock: Clock
) -> None:
    new = new_prediction()
    landing = Landing(
        prediction=created(new, at=0, node="n1"),
        input=encoded(new.input),
        input_hash=new.input_hash,
        outcome=DONE,
        asked_seconds=1.0,
        ran_seconds=2.0,
    )
    landed: asyncio.Future[Prediction | Exception] = asyncio.get_running_loop().create_future()
    store.land(landing, landed.set_result)
    found = await landed
    assert isinstance(found, Prediction)
    assert found.started_at == found.created_at == (found.completed_at or 0) - SECOND

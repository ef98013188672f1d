"""The machines' clocks differ, or are set in the middle of a run: pauses and figures are of the time that passed."""

import pytest

from foretell import catalog
from foretell.loops import Courier
from foretell.node.outcome import Measured, failed, succeeded, what_was_used
from foretell.node.trouble import RunFailed
from foretell.prediction import Prediction
from foretell.webhook import RETRY_SECONDS, DeliveryState
from loops.offices import Office
from samples import LANE, SECOND, new_prediction
from strangers import Stranger, answers

pytestmark = pytest.mark.anyio
HOUR = 3_600


async def held(office: Office) -> Prediction:
    await office.store.create(new_prediction())
    [taken] = await office.store.take(LANE, node="node-1", count=1)
    return taken


@pytest.mark.parametrize("ahead_seconds", [-HOUR, HOUR])
async def test_a_retry_is_due_by_the_databases_clock_however_far_the_couriers_is_from_it(
    office: Office, ahead_seconds: int
) -> None:
    def clock() -> int:
        return office.clock() + ahead_seconds * SECOND

    courier = Courier(office.store, office.seal, office.outbound, office.config, clock=clock)
    async with Stranger(answers(500, 200)) as stranger, office.delivering(courier):
        prediction = await office.ended(stranger.url)
        (delivery,) = await office.settled(prediction, DeliveryState.PENDING, attempts=1)
        left_seconds = (delivery.next_at - office.clock.now) / SECOND
        assert 0.5 * RETRY_SECONDS[0] < left_seconds < 1.5 * RETRY_SECONDS[0]
        office.clock.pass_seconds(left_seconds)
        await office.settled(prediction, DeliveryState.DELIVERED, attempts=2)


@pytest.mark.parametrize("set_seconds", [-24 * HOUR, -HOUR, HOUR, 24 * HOUR])
async def test_no_figure_of_a_run_is_negative_and_its_length_is_what_passed(
    office: Office, set_seconds: int
) -> None:
    prediction = await held(office)
    measured = Measured(
        prediction, catalog.sandbox(created_at=1)[0], "cpu", began_seconds=10.0, ended_seconds=12.5
    )
    at = office.clock() + set_seconds * SECOND
    every = (
        succeeded(measured, "done", [], at=at).metrics,
        failed(measured, RunFailed("failed", "It failed."), at=at).metrics,
        what_was_used(measured, at=at).metrics,
    )
    for metrics in every:
        assert metrics["predict_time"] == 2.5
        assert min(metrics.values()) >= 0


async def test_what_passed_is_told_to_the_microsecond(office: Office) -> None:
    prediction = await held(office)
    measured = Measured(
        prediction,
        catalog.sandbox(created_at=1)[0],
        "cpu",
        load_seconds=0.1234567,
        began_seconds=10.0,
        ended_seconds=11.23456789,
    )
    metrics = succeeded(measured, "done", [], at=prediction.created_at + 1_500_001).metrics
    assert (metrics["load_time"], metrics["predict_time"]) == (0.123457, 1.234568)
    assert metrics["total_time"] == 1.500001

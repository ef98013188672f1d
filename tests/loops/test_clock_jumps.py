"""The clock is set, back or forward, in the middle of everything: nothing is lost, hangs, or comes under two ids."""

from dataclasses import replace

import pytest

from foretell.account import Key
from foretell.allowance import Allowance, AllowanceSpentError, Bounds
from foretell.endpoint import PROBE_SECONDS, Patience
from foretell.prediction import Hold, Phase, Prediction, Status
from foretell.retention import Part, of_all
from foretell.store import Claim, DeliveryAttempt
from foretell.store.idempotency import KEPT_SECONDS
from foretell.store.retention import REMOVED
from foretell.store.webhooks import LEASE_SECONDS
from foretell.webhook import RETRY_SECONDS, DeliveryState
from loops.offices import Office, until
from samples import DONE, LANE, SECOND, asking, new_prediction
from strangers import Stranger, answers

pytestmark = pytest.mark.anyio
HOUR, DAY = 3_600, 86_400
EVENTS = ("started", "processing", "completed", "failed", "canceled")
JITTERED = 1.2
"""The longest that a wait is stretched."""
REFUSED = DeliveryAttempt(at=1, status=500, error="The receiver answered 500.", seconds=0.5)
CLAIM = Claim("ann", "/v1/predictions", "order-1", 0, "this body")

either_way = pytest.mark.parametrize("jump", [-DAY, -HOUR, HOUR, DAY])
back = pytest.mark.parametrize("jump", [-DAY, -HOUR])


def left_seconds(office: Office, at: int) -> float:
    return (at - office.clock.now) / SECOND


async def accepted(office: Office, url: str, **changes: object) -> Prediction:
    mine = {"account_id": office.account.id, "key_id": office.key_id, "webhook": asking(*EVENTS, url=url)}
    return await office.store.create(new_prediction(**(mine | changes)))


async def found(office: Office, prediction_id: str) -> Prediction:
    prediction = await office.store.get(prediction_id)
    assert prediction is not None
    return prediction


async def taken(office: Office) -> Hold:
    [row] = await office.store.take(LANE, node="node-1", count=1)
    assert row.hold is not None
    return row.hold


async def due_within(office: Office, prediction: Prediction, seconds: float) -> None:
    """Waits until no delivery of the prediction is to wait longer than that, and lets so much time pass."""

    async def is_near() -> bool:
        owed = await office.store.deliveries(prediction.id)
        return all(left_seconds(office, each.next_at) <= seconds for each in owed)

    await until(is_near)
    office.clock.pass_seconds(seconds)


def once_each(stranger: Stranger, *events: str) -> None:
    """One id for each event, however often it came."""
    came = {(each.headers["x-foretell-event"], each.headers["webhook-id"]) for each in stranger.received}
    assert sorted(event for event, _ in came) == sorted(events)


@either_way
@pytest.mark.parametrize("phase", ["waiting", "held", "running", "lost"])
async def test_a_prediction_ends_once_and_is_told_of_whenever_the_clock_is_set(
    office: Office, phase: str, jump: int
) -> None:
    store, clock = office.store, office.clock

    def set_if(now: str) -> None:
        clock.pass_seconds(jump if phase == now else 1)

    async with Stranger(answers(200)) as stranger, office.delivering():
        prediction = await accepted(office, stranger.url, queue_seconds=10 * DAY)
        set_if("waiting")
        hold = await taken(office)
        set_if("held")
        assert await store.begin(hold)
        assert await store.note(hold, phase=Phase.RUNNING, progress=50)
        set_if("running")
        assert await store.note(hold, phase=Phase.RUNNING, progress=60)
        if phase == "lost":
            clock.pass_seconds(jump)
            assert await store.release(hold, lost=True) is not None
            hold = await taken(office)
            assert await store.begin(hold)
        assert await store.finish(hold, DONE) is not None
        assert await store.finish(hold, DONE) is None
        assert (await store.cancel(prediction.id, account_id=None)) == await store.get(prediction.id)
        await due_within(office, prediction, LEASE_SECONDS)
        await office.settled(prediction, DeliveryState.DELIVERED)
    ended = await found(office, prediction.id)
    assert (ended.status, ended.progress) == (Status.SUCCEEDED, 60)
    once_each(stranger, "started", "processing", "completed")


@either_way
async def test_what_is_owed_is_delivered_though_the_clock_was_set_before_anybody_took_it(
    office: Office, jump: int
) -> None:
    async with Stranger(answers(200)) as stranger:
        prediction = await office.ended(stranger.url)
        office.clock.pass_seconds(jump)
        async with office.delivering():
            await office.settled(prediction, DeliveryState.DELIVERED, attempts=1)
    once_each(stranger, "completed")


@either_way
async def test_a_retry_waits_no_longer_than_planned_from_when_the_clock_was_set(
    office: Office, jump: int
) -> None:
    async with Stranger(answers(500, 500, 200)) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        await office.settled(prediction, DeliveryState.PENDING, attempts=1)
        office.clock.pass_seconds(jump)
        await due_within(office, prediction, RETRY_SECONDS[0] * JITTERED)
        await office.settled(prediction, DeliveryState.PENDING, attempts=2)
        office.clock.pass_seconds(jump)
        await due_within(office, prediction, RETRY_SECONDS[1] * JITTERED)
        await office.settled(prediction, DeliveryState.DELIVERED, attempts=3)
    once_each(stranger, "completed")


@pytest.mark.parametrize("jump", [-5, -HOUR])
async def test_a_clock_set_back_does_not_hurry_a_receiver_that_asked_for_time(
    office: Office, jump: int
) -> None:
    async with Stranger(answers(503, 200, headers="Retry-After: 900\r\n")) as stranger, office.delivering():
        prediction = await office.ended(stranger.url)
        await office.settled(prediction, DeliveryState.PENDING, attempts=1)
        office.clock.pass_seconds(jump)
        await due_within(office, prediction, 910)
        (delivery,) = await office.store.deliveries(prediction.id)
        assert left_seconds(office, delivery.next_at) > -15
        await office.settled(prediction, DeliveryState.DELIVERED, attempts=2)


@either_way
async def test_what_a_courier_has_and_leaves_is_sent_by_another_within_a_lease(
    office: Office, jump: int
) -> None:
    async with Stranger(answers(200)) as stranger:
        prediction = await office.ended(stranger.url)
        (had,) = await office.store.due(holder="another", limit=10)
        office.clock.pass_seconds(jump)
        again = await office.store.due(holder="a third", limit=10)
        assert [each.id for each in again] == ([] if jump < 0 else [had.id])
        async with office.delivering():
            await due_within(office, prediction, LEASE_SECONDS)
            await office.settled(prediction, DeliveryState.DELIVERED)
    once_each(stranger, "completed")


@back
@pytest.mark.parametrize("way", ["freed", "dead and sent again", "waiting and sent again"])
async def test_what_is_due_at_once_is_due_by_a_clock_that_was_set_back_before_or_after(
    office: Office, way: str, jump: int
) -> None:
    store = office.store
    prediction = await office.ended("http://127.0.0.1:9/hook")
    (delivery,) = await store.due(holder="another", limit=10)
    if way == "freed":
        office.clock.pass_seconds(jump)
        await store.free_deliveries()
    else:
        state = DeliveryState.DEAD if way == "dead and sent again" else DeliveryState.PENDING
        await store.attempted(delivery.id, REFUSED, state=state, pause_seconds=HOUR)
        await store.resend(delivery.id, prediction.id)
        office.clock.pass_seconds(jump)
    assert [each.id for each in await store.due(holder="a third", limit=10)] == [delivery.id]


@back
async def test_a_paused_endpoint_has_its_turn_within_the_hour(office: Office, jump: int) -> None:
    store, patience = office.store, Patience(deaths_max=1, failing_seconds_max=0)
    await office.ended("http://127.0.0.1:9/hook")
    (last,) = await store.due(holder="courier", limit=1)
    await store.attempted(last.id, REFUSED, state=DeliveryState.DEAD, pause_seconds=None, patience=patience)
    kept = await office.ended("http://127.0.0.1:9/hook")
    assert await store.due(holder="courier", limit=1) == []
    office.clock.pass_seconds(jump)
    assert await store.probe() == 1
    assert [each.prediction_id for each in await store.due(holder="courier", limit=1)] == [kept.id]
    office.clock.pass_seconds(PROBE_SECONDS / 2)
    assert await store.probe() == 0


@either_way
@pytest.mark.parametrize("begun", [False, True])
async def test_a_deadline_is_met_no_later_than_it_was_long(office: Office, begun: bool, jump: int) -> None:
    prediction = await accepted(office, "http://127.0.0.1:9/hook", cancel_after_seconds=100)
    if begun:
        assert await office.store.begin(await taken(office))
    office.clock.pass_seconds(jump)
    await office.store.end_overdue()
    if jump < 0:
        assert not (await found(office, prediction.id)).status.is_terminal
    office.clock.pass_seconds(90)
    await office.store.end_overdue()
    assert (await found(office, prediction.id)).status.is_terminal is (jump > 0)
    office.clock.pass_seconds(11)
    await office.store.end_overdue()
    ended = await found(office, prediction.id)
    assert (ended.status, ended.metadata["canceled_by"]) == (Status.CANCELED, "deadline")


@back
async def test_what_never_begins_expires_though_the_clock_was_set_back(office: Office, jump: int) -> None:
    prediction = await accepted(office, "http://127.0.0.1:9/hook", queue_seconds=100)
    office.clock.pass_seconds(jump)
    await office.store.end_overdue()
    office.clock.pass_seconds(101)
    await office.store.end_overdue()
    ended = await found(office, prediction.id)
    assert ended.failure is not None
    assert (ended.failure.code, ended.failure.message) == (
        "expired",
        "The prediction did not begin in time.",
    )


@pytest.mark.parametrize("jump", [-DAY, -HOUR, HOUR])
async def test_an_idempotency_key_stands_for_one_prediction_while_the_clock_is_set(
    office: Office, jump: int
) -> None:
    first = await office.store.create_within(new_prediction(), None, CLAIM)
    office.clock.pass_seconds(jump)
    assert await office.store.forget_idempotency_keys() == 0
    again = await office.store.create_within(new_prediction(), None, CLAIM)
    assert (again.prediction.id, again.is_replay) == (first.prediction.id, True)
    office.clock.pass_seconds(KEPT_SECONDS + abs(jump) + 1)
    assert await office.store.forget_idempotency_keys() == 1


@back
async def test_a_clock_set_back_locks_nobody_out_of_their_minute(office: Office, jump: int) -> None:
    bounds = Bounds(model="echo", account=Allowance(requests_per_minute=2))

    async def create() -> None:
        await office.store.create_within(new_prediction(account_id=office.account.id), bounds)

    await create()
    await create()
    office.clock.pass_seconds(-5)
    with pytest.raises(AllowanceSpentError) as refused:
        await create()
    assert refused.value.retry_after_seconds is not None
    assert refused.value.retry_after_seconds <= 65
    office.clock.pass_seconds(jump)
    await create()
    await create()
    with pytest.raises(AllowanceSpentError) as refused:
        await create()
    assert refused.value.retry_after_seconds == 60


@either_way
async def test_what_is_to_be_purged_is_purged_by_the_clock_and_is_whole_until_then(
    office: Office, jump: int
) -> None:
    prediction = await office.ended("http://127.0.0.1:9/hook", retention=of_all(10))
    office.clock.pass_seconds(jump)
    assert await office.store.purge(50) == (len(Part) if jump > 0 else 0)
    if jump < 0:
        assert await found(office, prediction.id) == prediction
        office.clock.pass_seconds(10 - jump)
        assert await office.store.purge(50) == len(Part)
    purged = await found(office, prediction.id)
    assert (purged.status, purged.result, len(purged.metadata[REMOVED])) == (
        Status.SUCCEEDED,
        None,
        len(Part),
    )


def test_a_key_that_was_revoked_stays_so_though_its_revocation_lies_ahead() -> None:
    key = Key(
        id="k", account_id="a", name="k", sha256="s", last4="1234", created_at=0, expires_at=DAY * SECOND
    )
    for at, opens in ((HOUR, True), (DAY, False), (DAY - HOUR, True)):
        assert key.opens("s", at=at * SECOND) is opens
        assert not replace(key, revoked_at=DAY * SECOND).opens("s", at=at * SECOND)

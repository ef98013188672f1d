"""What an account and a key may ask for holds to the last request, whoever else asks at the same time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from foretell.account import Account, Key, Role
from foretell.allowance import Allowance, AllowanceSpentError, Bounds, Share, Standing
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.model import Manifest, Version
from foretell.prediction import NewPrediction
from foretell.store import Store, open_store
from foretell.store.creates import Created
from samples import DONE, LANE, Clock, new_prediction

pytestmark = pytest.mark.anyio

NONE = Allowance()
THREE = Allowance(requests_per_minute=3)
TWO_LIVE = Allowance(concurrency_max=2)


def of_account(allowance: Allowance, model: str = "echo") -> Bounds:
    return Bounds(model=model, account=allowance)


def of_key(allowance: Allowance, account: Allowance = NONE) -> Bounds:
    return Bounds(model="echo", account=account, key=allowance)


async def registered(store: Store, model: str, version_id: str) -> None:
    manifest = Manifest(
        namespace=model, name=model, type="text", description="", folder="/", predictor="predict.py:P"
    )
    version = Version(
        id=version_id, manifest=manifest, input_schema={}, output_schema={}, streaming=False, created_at=1
    )
    await store.register(version)


@pytest.fixture
async def ann(store: Store) -> Account:
    """An account that is really there, and its models."""
    await registered(store, "echo", "echo-1")
    return await store.create_account("ann", Role.MEMBER)


def wanted(ann: Account, **changes: str) -> NewPrediction:
    return new_prediction(account_id=ann.id, **changes)


async def tried(store: Store, news: Sequence[NewPrediction], bounds: Bounds) -> list[Created | Error]:
    """What each of several creates at once is answered."""
    found = await asyncio.gather(
        *(store.create_within(each, bounds) for each in news), return_exceptions=True
    )
    assert all(isinstance(each, Created | Error) for each in found), found
    return found  # type: ignore[return-value]


async def refused(store: Store, new: NewPrediction, bounds: Bounds) -> AllowanceSpentError:
    with pytest.raises(AllowanceSpentError) as caught:
        await store.create_within(new, bounds)
    assert await store.get(new.id) is None
    assert caught.value.code is Code.RATE_LIMITED
    return caught.value


async def test_of_many_requests_at_once_exactly_as_many_as_are_allowed_are_written(
    store: Store, ann: Account
) -> None:
    found = await tried(store, [wanted(ann) for _ in range(40)], of_account(THREE))
    written = [each for each in found if isinstance(each, Created)]
    left = sorted(each.standing.requests.left for each in written if each.standing.requests)
    assert left == [0, 1, 2]
    assert (await store.list_predictions(account_id=ann.id))[1] == 3


async def test_a_refusal_says_whose_limit_it_was_and_when_there_is_room_again(
    store: Store, ann: Account, clock: Clock
) -> None:
    await store.create_within(wanted(ann), of_account(THREE))
    clock.pass_seconds(20)
    await store.create_within(wanted(ann), of_account(THREE))
    await store.create_within(wanted(ann), of_account(THREE))
    clock.pass_seconds(2.5)
    error = await refused(store, wanted(ann), of_account(THREE))
    assert error.retry_after_seconds == 38
    assert error.message == "This account may create 3 predictions within 60 seconds, and has."
    assert error.standing.requests == Share(3, 0)
    clock.pass_seconds(38)
    created = await store.create_within(wanted(ann), of_account(THREE))
    assert created.standing.requests == Share(3, 0)


async def test_what_is_refused_does_not_count(store: Store, ann: Account, clock: Clock) -> None:
    for _ in range(3):
        await store.create_within(wanted(ann), of_account(THREE))
    for _ in range(5):
        await refused(store, wanted(ann), of_account(THREE))
    clock.pass_seconds(60)
    found = await tried(store, [wanted(ann) for _ in range(4)], of_account(THREE))
    assert [isinstance(each, Created) for each in found].count(True) == 3


async def test_no_minute_has_more_than_are_allowed_wherever_it_begins(
    store: Store, ann: Account, clock: Clock
) -> None:
    """Not even the minute between the ends of two minutes."""
    instants = []
    for _ in range(120):
        clock.pass_seconds(2)
        try:
            created = await store.create_within(wanted(ann), of_account(THREE))
        except AllowanceSpentError:
            continue
        instants.append(created.prediction.created_at)
    assert all(later - first >= 60_000_000 for first, later in zip(instants, instants[3:], strict=False))
    assert len(instants) == 12


async def test_what_was_deleted_within_the_minute_still_counts(store: Store, ann: Account) -> None:
    for _ in range(3):
        created = await store.create_within(wanted(ann), of_account(THREE))
        await store.delete(created.prediction.id, account_id=ann.id)
    assert (await refused(store, wanted(ann), of_account(THREE))).retry_after_seconds == 60


async def test_a_restart_forgets_nothing(database: Config, clock: Clock, ann: Account, store: Store) -> None:
    for _ in range(3):
        await store.create_within(wanted(ann), of_account(THREE))
    await store.close()
    opened = await open_store(database, clock=clock)
    try:
        await refused(opened, wanted(ann), of_account(THREE))
    finally:
        await opened.close()


async def test_the_limit_of_an_account_is_that_of_all_its_keys_together(store: Store, ann: Account) -> None:
    for key in ("one", "two", "three"):
        await store.create_within(wanted(ann, key_id=key), of_account(THREE))
    await refused(store, wanted(ann, key_id="four"), of_account(THREE))


async def test_a_key_s_limit_leaves_the_others_alone_and_the_narrower_one_wins(
    store: Store, ann: Account
) -> None:
    narrow = of_key(Allowance(requests_per_minute=1), account=THREE)
    first = await store.create_within(wanted(ann, key_id="narrow"), narrow)
    assert first.standing.requests == Share(1, 0)
    error = await refused(store, wanted(ann, key_id="narrow"), narrow)
    assert error.message == "This key may create 1 prediction within 60 seconds, and has."
    wide = of_key(Allowance(requests_per_minute=9), account=THREE)
    second = await store.create_within(wanted(ann, key_id="wide"), wide)
    assert second.standing.requests == Share(3, 1)
    await store.create_within(wanted(ann, key_id="wide"), wide)
    error = await refused(store, wanted(ann, key_id="wide"), wide)
    assert error.message.startswith("This account")


async def test_other_accounts_do_not_count(store: Store, ann: Account) -> None:
    for number in range(5):
        await store.create_within(new_prediction(account_id=f"other-{number}"), of_account(THREE))
    assert (await store.create_within(wanted(ann), of_account(THREE))).standing.requests == Share(3, 2)


async def test_only_so_many_are_live_on_a_model_and_each_end_makes_room(store: Store, ann: Account) -> None:
    found = await tried(store, [wanted(ann) for _ in range(10)], of_account(TWO_LIVE))
    assert [isinstance(each, Created) for each in found].count(True) == 2
    [running] = await store.take(LANE, node="n1", count=1)
    error = await refused(store, wanted(ann), of_account(TWO_LIVE))
    assert error.message == "This account may have 2 predictions of 'echo' under way at once, and has."
    assert error.retry_after_seconds == 2
    assert error.standing == Standing(concurrent=Share(2, 0))
    assert running.hold is not None
    await store.begin(running.hold)
    await store.finish(running.hold, DONE)
    created = await store.create_within(wanted(ann), of_account(TWO_LIVE))
    assert created.standing.concurrent == Share(2, 0)
    await store.cancel(created.prediction.id, account_id=ann.id)
    await store.create_within(wanted(ann), of_account(TWO_LIVE))


async def test_other_models_do_not_count_but_older_versions_of_the_same_do(
    store: Store, ann: Account
) -> None:
    await registered(store, "slow", "slow-1")
    await registered(store, "echo", "echo-2")
    await store.create_within(wanted(ann, model="slow", version_id="slow-1"), of_account(TWO_LIVE, "slow"))
    await store.create_within(wanted(ann), of_account(TWO_LIVE))
    newer = await store.create_within(
        wanted(ann, version_id="echo-2", model="an alias"), of_account(TWO_LIVE)
    )
    assert newer.standing.concurrent == Share(2, 0)
    await refused(store, wanted(ann, version_id="echo-2"), of_account(TWO_LIVE))


async def test_what_was_made_before_there_was_a_limit_counts(store: Store, ann: Account) -> None:
    for _ in range(4):
        await store.create(wanted(ann))
    await refused(store, wanted(ann), of_account(TWO_LIVE))
    error = await refused(store, wanted(ann), of_account(THREE))
    assert error.standing.requests == Share(3, 0)


async def test_a_key_s_live_predictions_are_its_own(store: Store, ann: Account) -> None:
    for _ in range(2):
        await store.create(wanted(ann, key_id="other"))
    created = await store.create_within(wanted(ann, key_id="mine"), of_key(TWO_LIVE))
    assert created.standing.concurrent == Share(2, 1)


async def test_what_finds_no_room_in_the_queue_does_not_count(
    database: Config, clock: Clock, ann: Account, store: Store
) -> None:
    await store.close()
    small = await open_store(replace(database, queued_max=2), clock=clock)
    try:
        await tried(small, [wanted(ann) for _ in range(9)], of_account(Allowance(requests_per_minute=5)))
        [_] = await small.take(LANE, node="n1", count=1)
        created = await small.create_within(wanted(ann), of_account(Allowance(requests_per_minute=5)))
        assert created.standing.requests == Share(5, 2)
    finally:
        await small.close()


async def test_without_limits_nothing_is_said_of_them(store: Store, ann: Account) -> None:
    assert (await store.create_within(wanted(ann), of_account(NONE))).standing == Standing()


@pytest.mark.needs("postgres")
async def test_several_processes_on_one_database_count_together(postgres: Config) -> None:
    stores = [await open_store(postgres) for _ in range(3)]
    try:
        ann = await stores[0].create_account("ann", Role.MEMBER)
        bounds = of_account(Allowance(requests_per_minute=50))
        answers = await asyncio.gather(
            *(tried(each, [wanted(ann) for _ in range(60)], bounds) for each in stores)
        )
        written = [each for found in answers for each in found if isinstance(each, Created)]
        assert len(written) == 50
        left = sorted(each.standing.requests.left for each in written if each.standing.requests)
        assert left == list(range(50))
    finally:
        for each in stores:
            await each.close()


async def test_limits_are_kept_with_their_account_and_key(store: Store, ann: Account) -> None:
    both = Allowance(requests_per_minute=25, concurrency_max=4)
    made = await store.create_account("shop", Role.MEMBER, allowance=both)
    assert made.allowance == both
    assert await store.account("shop") == made
    key = Key(
        id="k", account_id=ann.id, name="k", sha256="0" * 64, last4="aaaa", created_at=1, allowance=THREE
    )
    await store.create_key(key)
    assert await store.key("k") == key
    await store.allow_key("k", TWO_LIVE)
    await store.allow_account(ann.id, both)
    assert await store.key("k") == replace(key, allowance=TWO_LIVE)
    found = await store.account("ann")
    assert found is not None and found.allowance == both
    await store.allow_account(ann.id, NONE)
    assert await store.account("ann") == ann


async def test_an_account_is_suspended_since_the_first_time_and_can_be_let_in_again(
    store: Store, ann: Account
) -> None:
    await store.suspend(ann.id, is_suspended=True)
    first = await store.account("ann")
    assert first is not None and first.suspended_at is not None
    await store.suspend(ann.id, is_suspended=True)
    assert await store.account("ann") == first
    await store.suspend(ann.id, is_suspended=False)
    assert await store.account("ann") == ann

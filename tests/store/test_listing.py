"""Pages of predictions: newest first, one's own, and what the filters say."""

import pytest

from foretell.prediction import Prediction, Status
from foretell.store import Store
from samples import LANE, Clock, new_prediction

pytestmark = pytest.mark.anyio


async def create(store: Store, clock: Clock, count: int, **changes: object) -> list[Prediction]:
    rows = []
    for _ in range(count):
        clock.pass_seconds(1)
        rows.append(await store.create(new_prediction(**changes)))
    return rows


async def test_pages_are_newest_first_and_cover_everything_once(store: Store, clock: Clock) -> None:
    rows = await create(store, clock, 7)
    pages = [
        await store.list_predictions(account_id="ann", offset=offset, limit=3) for offset in (0, 3, 6, 9)
    ]
    assert [total for _, total in pages] == [7] * 4
    assert [each for page, _ in pages for each in page] == rows[::-1]


async def test_an_account_sees_its_own_and_an_operator_all(store: Store, clock: Clock) -> None:
    [ann] = await create(store, clock, 1)
    [ben] = await create(store, clock, 1, account_id="ben")
    assert await store.list_predictions(account_id="ann") == ([ann], 1)
    assert await store.list_predictions(account_id=None) == ([ben, ann], 2)
    assert await store.list_predictions(account_id="cat") == ([], 0)


async def test_filters_narrow_together(store: Store, clock: Clock) -> None:
    rows = await create(store, clock, 3)
    [other] = await create(store, clock, 1, model="other")
    canceled = await store.cancel(rows[1].id, account_id=None)
    assert await store.list_predictions(account_id="ann", model="other") == ([other], 1)
    assert await store.list_predictions(account_id="ann", status=Status.CANCELED) == ([canceled], 1)
    found, total = await store.list_predictions(account_id="ann", model="echo", status=Status.STARTING)
    assert ([each.id for each in found], total) == ([rows[2].id, rows[0].id], 2)


async def test_since_and_until_are_within(store: Store, clock: Clock) -> None:
    rows = await create(store, clock, 5)
    found, total = await store.list_predictions(
        account_id="ann", since=rows[1].created_at, until=rows[3].created_at
    )
    assert (found, total) == (rows[3:0:-1], 3)


async def test_rows_of_the_same_instant_are_listed_once_each(store: Store) -> None:
    rows = [await store.create(new_prediction()) for _ in range(5)]
    seen = []
    for offset in range(5):
        page, _ = await store.list_predictions(account_id="ann", offset=offset, limit=1)
        seen += [each.id for each in page]
    assert sorted(seen) == sorted(each.id for each in rows)


async def test_a_list_shows_rows_as_get_does(store: Store) -> None:
    row = await store.create(new_prediction(stream=True, privacy="public", source="dashboard", key_id=None))
    [taken] = await store.take(LANE, node="n1", count=1)
    assert await store.list_predictions(account_id="ann") == ([taken], 1)
    assert await store.get(row.id) == taken
    assert await store.get("nobody") is None

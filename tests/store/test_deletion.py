"""What was deleted is gone, except that it was there and what is still owed to its receiver."""

import pytest

from databases import Direct
from foretell.file import File, Purpose
from foretell.prediction import Hold, Status
from foretell.store import DeliveryAttempt, Store
from foretell.webhook import DeliveryState
from samples import DONE, LANE, asking, kept, new_prediction, said

pytestmark = pytest.mark.anyio

SENT = DeliveryAttempt(at=1, status=200, error=None, seconds=0.1)


def file_of(prediction_id: str | None, file_id: str) -> File:
    return File(
        id=file_id, account_id="ann", prediction_id=prediction_id, purpose=Purpose.OUTPUT, name="one.txt",
        content_type="text/plain", size_bytes=4, sha256="00", created_at=1,
    )  # fmt: skip


async def begun(store: Store, *events: str) -> Hold:
    await store.create(new_prediction(webhook=asking(*events) if events else None))
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    return taken.hold


async def test_a_tombstone_keeps_only_that_it_was_there(store: Store, direct: Direct) -> None:
    hold = await begun(store)
    await store.append(hold, said(hold, "secret"))
    await store.finish(hold, DONE, files=[file_of(hold.prediction_id, "f1")])
    deleted = await store.delete(hold.prediction_id, account_id="ann")
    assert deleted is not None
    assert deleted.status is Status.SUCCEEDED

    assert await store.get(hold.prediction_id) is None
    assert await store.events(hold.prediction_id) == []
    assert await store.list_predictions(account_id="ann") == ([], 0)
    assert await store.file("f1") is None
    assert direct("SELECT COUNT(*) FROM bodies") == [(0,)]
    assert direct("SELECT COUNT(*) FROM events") == [(0,)]
    assert direct("SELECT account_id, model, input_hash FROM predictions") == [("ann", "echo", None)]
    tombstone = await store.get(hold.prediction_id, deleted=True)
    assert tombstone is not None
    assert (tombstone.deleted_at is not None, tombstone.input, tombstone.result) == (True, {}, None)


async def test_what_lives_is_canceled_first(store: Store) -> None:
    hold = await begun(store)
    with store.notices.subscribe("moved:n1") as told:
        deleted = await store.delete(hold.prediction_id, account_id="ann")
        assert await told.wait(5)
    assert deleted is not None
    assert deleted.status is Status.CANCELED
    waiting = await store.create(new_prediction())
    await store.delete(waiting.id, account_id="ann")
    assert await store.waiting() == []


async def test_deleting_twice_or_anothers_is_deleting_nothing(store: Store) -> None:
    row = await store.create(new_prediction())
    assert await store.delete(row.id, account_id="ben") is None
    assert await store.delete(row.id, account_id=None) is not None
    assert await store.delete(row.id, account_id="ann") is None
    assert await store.cancel(row.id, account_id="ann") is None


async def test_the_blobs_of_deleted_files_are_listed_until_they_are_erased(
    store: Store, direct: Direct
) -> None:
    hold = await begun(store)
    files = [file_of(hold.prediction_id, "f1"), file_of(hold.prediction_id, "f2")]
    await store.finish(hold, DONE, files=files)
    await kept(store, file_of(None, "upload"))
    assert await store.orphans(10) == []
    await store.delete(hold.prediction_id, account_id="ann")
    await store.delete_file("upload")
    assert [each.id for each in await store.orphans(10)] == ["f1", "f2", "upload"]
    await store.erased(["f1", "upload"])
    assert [each.id for each in await store.orphans(10)] == ["f2"]
    assert direct("SELECT id FROM files") == [("f2",)]


async def test_a_file_removed_by_retention_still_says_that_it_was_there(store: Store, direct: Direct) -> None:
    await kept(store, file_of(None, "old"))
    direct("UPDATE files SET removed_at = 5, erase_at = 5 WHERE id = 'old'")
    assert [each.id for each in await store.orphans(10)] == ["old"]
    await store.erased(["old"])
    assert await store.orphans(10) == []
    found = await store.file("old")
    assert found is not None
    assert found.removed_at == 5


async def test_an_unsent_delivery_can_still_be_rendered_then_its_source_goes(
    store: Store, direct: Direct
) -> None:
    hold = await begun(store, "canceled")
    await store.delete(hold.prediction_id, account_id="ann")
    [delivery] = await store.due(holder="courier", limit=1)
    source = await store.get(delivery.prediction_id, deleted=True)
    assert source is not None
    assert source.input == {"text": "hello"}

    await store.rendered(delivery.id, b"body", "sig")
    assert direct("SELECT COUNT(*) FROM bodies") == [(0,)]
    [delivery] = await store.deliveries(delivery.prediction_id)
    assert delivery.body == b"body"

    await store.attempted(delivery.id, SENT, state=DeliveryState.DELIVERED, pause_seconds=None)
    [delivery] = await store.deliveries(delivery.prediction_id)
    assert (delivery.state, delivery.body, delivery.signature) == (DeliveryState.DELIVERED, None, None)


async def test_a_delivery_that_is_given_up_unrendered_leaves_nothing(store: Store, direct: Direct) -> None:
    hold = await begun(store, "canceled")
    await store.delete(hold.prediction_id, account_id="ann")
    [delivery] = await store.due(holder="courier", limit=1)
    await store.attempted(delivery.id, SENT, state=DeliveryState.DEAD, pause_seconds=None)
    assert direct("SELECT COUNT(*) FROM bodies") == [(0,)]

"""What is over its time goes, in steps that are done whole or not at all; what is erased is in no table."""

import sqlite3
from pathlib import Path

import pytest

from databases import Direct
from foretell.config import Config
from foretell.event import Event, Kind
from foretell.file import File, Purpose
from foretell.prediction import FILE_KEY, Failure, Hold, Outcome, Prediction, Status
from foretell.retention import Part, Retention, narrowest, of_all
from foretell.store import DeliveryAttempt, Store
from foretell.webhook import DeliveryState
from samples import LANE, Clock, asking, new_prediction
from servers import until

pytestmark = pytest.mark.anyio
SECRET = "the rain in Spain stays mainly"
SENT = DeliveryAttempt(at=1, status=200, error=None, seconds=0.1)


def everything(direct: Direct) -> str:
    """Every value of every table."""
    try:
        names = [row[0] for row in direct("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except Exception:  # noqa: BLE001 whatever Postgres calls a table that is not there
        names = [row[0] for row in direct("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert "bodies" in names
    rows = [row for name in names for row in direct(f"SELECT * FROM {name}")]
    return "\n".join(
        str(value) if not isinstance(value, bytes) else repr(value) for row in rows for value in row
    )


def file_of(prediction_id: str | None, file_id: str, **changes: str) -> File:
    return File(
        id=file_id, account_id="ann", prediction_id=prediction_id,
        purpose=Purpose.OUTPUT if prediction_id else Purpose.UPLOAD, name=changes.get("name", "one.txt"),
        content_type="text/plain", size_bytes=4, sha256="00" * 32, created_at=1, given_name=changes.get("given_name"),
    )  # fmt: skip


async def begun(store: Store, *events: str, **changes: object) -> Hold:
    webhook = asking(*events) if events else None
    given = {"input": {"text": SECRET}, "request": {"instructions": SECRET}, "webhook": webhook}
    await store.create(new_prediction(**(given | changes)))
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    return taken.hold


async def ended(store: Store, *events: str, **changes: object) -> Prediction:
    """A prediction whose secret is in its input, its output, its events, its log and its file's name."""
    hold = await begun(store, *events, **changes)
    kinds = ((Kind.LOG, {"text": SECRET}), (Kind.OUTPUT, {"value": SECRET}), (Kind.LOG, {"text": "plain"}))
    said = [
        Event(hold.prediction_id, hold.attempt, place, kind, data, 1)
        for place, (kind, data) in enumerate(kinds, 1)
    ]
    assert await store.append(hold, said)
    file = file_of(hold.prediction_id, f"file-of-{hold.prediction_id}", name=f"{SECRET}.txt")
    result = {"text": SECRET, "file": {FILE_KEY: file.id}}
    outcome = Outcome(status=Status.SUCCEEDED, result=result, metadata={"message": {"content": SECRET}})
    found = await store.finish(hold, outcome, files=[file])
    assert found is not None
    return found


async def purged(store: Store, clock: Clock, seconds: float) -> int:
    clock.pass_seconds(seconds)
    return await store.purge(100)


async def test_the_shortest_time_that_anyone_sets_holds_for_each_part() -> None:
    server = Retention(keep_outputs_seconds=100, keep_logs_seconds=50)
    key = Retention(keep_outputs_seconds=500, keep_inputs_seconds=7)
    assert narrowest(server, key, Retention()) == Retention(
        keep_outputs_seconds=100, keep_inputs_seconds=7, keep_logs_seconds=50
    )
    assert narrowest(server, key, of_all(5)) == of_all(5)
    assert narrowest(Retention(), Retention()).is_endless


async def test_what_is_purged_is_in_no_table_and_the_prediction_is_still_there(
    store: Store, direct: Direct, clock: Clock
) -> None:
    prediction = await ended(store, retention=of_all(60))
    assert SECRET in everything(direct)
    assert await purged(store, clock, 59) == 0
    assert await store.next_purge_at() is not None
    assert await purged(store, clock, 2) == 3
    assert SECRET not in everything(direct)
    assert await store.next_purge_at() is None

    found = await store.get(prediction.id)
    assert found is not None
    assert (found.status, found.input, found.result) == (Status.SUCCEEDED, {}, None)
    assert found.data_removed_at is not None
    assert found.metadata == {"removed": ["inputs", "logs", "outputs"]}
    page, total = await store.list_predictions(account_id="ann")
    assert ([each.id for each in page], total) == ([prediction.id], 1)
    [file] = await store.files_of(prediction.id)
    assert file.removed_at is not None
    assert [each.id for each in await store.orphans(10)] == [file.id]
    await store.erased([file.id])
    assert await store.file(file.id) is not None


async def test_each_part_goes_when_its_own_time_is_over(store: Store, clock: Clock) -> None:
    kept = Retention(keep_logs_seconds=10, keep_inputs_seconds=20, keep_outputs_seconds=30)
    prediction = await ended(store, retention=kept)

    assert await purged(store, clock, 11) == 1
    assert [each.kind for each in await store.events(prediction.id)] == [Kind.OUTPUT]
    found = await store.get(prediction.id)
    assert found is not None
    assert (found.input, found.metadata["removed"]) == ({"text": SECRET}, ["logs"])

    assert await purged(store, clock, 10) == 1
    found = await store.get(prediction.id)
    assert found is not None
    assert (found.input, found.request, found.data_removed_at) == ({}, None, None)
    assert found.result["text"] == SECRET

    assert await purged(store, clock, 10) == 1
    assert await store.events(prediction.id) == []
    found = await store.get(prediction.id)
    assert found is not None
    assert (found.result, found.metadata["removed"]) == (None, ["inputs", "logs", "outputs"])


async def test_logs_that_are_kept_longer_outlive_the_output_that_was_said_between_them(
    store: Store, clock: Clock
) -> None:
    prediction = await ended(store, retention=Retention(keep_outputs_seconds=10))
    assert await purged(store, clock, 11) == 1
    left = await store.events(prediction.id)
    assert [(each.sequence, each.kind) for each in left] == [(1, Kind.LOG), (3, Kind.LOG)]


async def test_what_has_no_time_set_is_kept_and_what_still_lives_is_not_purged(
    store: Store, clock: Clock
) -> None:
    kept = await ended(store)
    hold = await begun(store, retention=of_all(1))
    assert await purged(store, clock, 10**9) == 0
    found = await store.get(kept.id)
    assert found is not None
    assert found.input == {"text": SECRET}
    await store.finish(hold, Outcome(status=Status.SUCCEEDED, result=SECRET))
    assert await purged(store, clock, 2) == 3


async def test_why_it_failed_is_forgotten_but_for_the_code(
    store: Store, direct: Direct, clock: Clock
) -> None:
    hold = await begun(store, retention=of_all(5))
    failure = Failure("raised", f"cannot draw {SECRET}")
    await store.finish(hold, Outcome(status=Status.FAILED, failure=failure))
    await purged(store, clock, 6)
    found = await store.get(hold.prediction_id)
    assert found is not None
    assert found.failure == Failure("raised", "Why it failed is no longer kept.")
    assert SECRET not in everything(direct)


async def test_a_step_takes_no_more_than_it_may_and_the_next_goes_on(store: Store, clock: Clock) -> None:
    made = [await ended(store, retention=of_all(5)) for _ in range(4)]
    clock.pass_seconds(6)
    taken = [await store.purge(5) for _ in range(4)]
    assert taken == [5, 5, 2, 0]
    for each in made:
        found = await store.get(each.id)
        assert found is not None
        assert found.metadata["removed"] == sorted(Part)


async def test_what_was_sent_goes_with_the_purge_and_what_is_still_sent_goes_after_it(
    store: Store, direct: Direct, clock: Clock
) -> None:
    for is_sent_before in (True, False):
        await ended(store, "completed", retention=of_all(30))
        [delivery] = await store.due(holder="courier", limit=1)
        await store.rendered(delivery.id, SECRET.encode(), "signature")
        if is_sent_before:
            await store.attempted(delivery.id, SENT, state=DeliveryState.DELIVERED, pause_seconds=None)
        await purged(store, clock, 31)
        assert (SECRET in everything(direct)) is not is_sent_before
        if not is_sent_before:
            await store.attempted(delivery.id, SENT, state=DeliveryState.DELIVERED, pause_seconds=None)
        assert SECRET not in everything(direct)


async def test_what_is_deleted_is_in_no_table(store: Store, direct: Direct) -> None:
    hold = await begun(store)
    await store.delete(hold.prediction_id, account_id="ann")
    prediction = await ended(store, "completed", retention=of_all(5))
    [delivery] = await store.due(holder="courier", limit=1)
    await store.rendered(delivery.id, SECRET.encode(), "signature")
    await store.attempted(delivery.id, SENT, state=DeliveryState.DELIVERED, pause_seconds=None)
    await store.delete(prediction.id, account_id="ann")
    gone = await store.orphans(10)
    await store.erased([each.id for each in gone])
    assert SECRET not in everything(direct)


async def test_a_purge_of_what_was_deleted_finds_nothing_to_do(store: Store, clock: Clock) -> None:
    prediction = await ended(store, retention=of_all(5))
    await store.delete(prediction.id, account_id="ann")
    assert await purged(store, clock, 6) == 3
    tombstone = await store.get(prediction.id, deleted=True)
    assert tombstone is not None
    assert tombstone.metadata == {}


async def test_an_upload_is_removed_when_its_time_is_over(store: Store, clock: Clock) -> None:
    upload = file_of(None, "upload", given_name=SECRET)
    await store.announce_upload(upload)
    assert await store.file("upload") is None
    assert await store.settle_upload(upload, keep_seconds=10)
    assert await store.file("upload") == upload
    assert await purged(store, clock, 11) == 1
    found = await store.file("upload")
    assert found is not None
    assert (found.removed_at is not None, found.name, found.given_name) == (True, "", None)


async def test_an_upload_that_never_came_and_one_that_was_lent_are_given_up_in_time(
    store: Store, clock: Clock
) -> None:
    await store.announce_upload(file_of(None, "killed"))
    await store.announce_upload(file_of(None, "lent"))
    assert await store.settle_upload(file_of(None, "lent"), lent_seconds=600)
    clock.pass_seconds(599)
    assert await store.orphans(10) == []
    assert await store.file("lent") is not None
    clock.pass_seconds(2)
    assert [each.id for each in await store.orphans(10)] == ["lent"]
    assert await store.file("lent") is None
    clock.pass_seconds(3_000)
    assert [each.id for each in await store.orphans(10)] == ["lent", "killed"]
    assert not await store.settle_upload(file_of(None, "killed"))


async def test_bytes_that_come_after_they_were_erased_are_erased_again(
    store: Store, direct: Direct, clock: Clock
) -> None:
    hold = await begun(store)
    late = file_of(hold.prediction_id, "late")
    assert await store.announce_files(hold, [late])
    await store.delete(hold.prediction_id, account_id="ann")
    assert not await store.announce_files(hold, [file_of(hold.prediction_id, "later")])
    for seconds_until_next in (3_601, 0):
        assert [each.id for each in await store.orphans(10)] == ["late"]
        await store.erased(["late"])
        assert await store.orphans(10) == []
        clock.pass_seconds(seconds_until_next)
    assert direct("SELECT COUNT(*) FROM files") == [(0,)]


@pytest.mark.parametrize("way", ["delete", "purge"])
async def test_on_sqlite_what_is_gone_is_in_no_file_of_the_database(
    sqlite: Config, clock: Clock, way: str
) -> None:
    from foretell.store import open_store

    store = await open_store(sqlite, clock=clock)
    # More than a page, so that pages are freed that nothing is written into afterwards.
    prediction = await ended(store, retention=of_all(5), input={"text": SECRET * 2_000})
    assert _on_disk(sqlite.data_path)
    if way == "delete":
        await store.delete(prediction.id, account_id="ann")
        await store.erased([each.id for each in await store.orphans(10)])
    else:
        await purged(store, clock, 6)
    until(lambda: not _on_disk(sqlite.data_path), about="the end of every trace", seconds=10)
    await store.close()
    assert sqlite3.connect(sqlite.data_path / "foretell.db").execute("PRAGMA integrity_check").fetchone() == (
        "ok",
    )


def _on_disk(directory: Path) -> list[str]:
    return [path.name for path in directory.glob("foretell.db*") if SECRET.encode() in path.read_bytes()]

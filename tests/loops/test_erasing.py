"""The janitor erases and purges at once when there is something to do, and finds what a killed server left."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from databases import direct_to
from foretell.blobs import Blobs, open_blobs
from foretell.config import Config
from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.loops import Janitor
from foretell.loops.sweep import Sweep
from foretell.prediction import Hold, Outcome, Prediction, Status
from foretell.retention import of_all
from foretell.store import Store, open_store
from loops.offices import until
from samples import LANE, new_prediction

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    opened = await open_store(config)
    yield opened
    await opened.close()


@pytest.fixture
def blobs(config: Config, store: Store) -> Blobs:
    return open_blobs(config)


@asynccontextmanager
async def working(store: Store, blobs: Blobs, config: Config) -> AsyncIterator[None]:
    """Janitors at work: two, because several processes may each have one."""
    tasks = [asyncio.create_task(Janitor(store, blobs, config).run()) for _ in range(2)]
    try:
        # Once they have erased something they have looked: from here on only a notice makes them look within a minute.
        first = file_of(None)
        await store.announce_upload(first)
        await blobs.put_bytes(first.blob, b"bytes")
        await store.delete_file(first.id)
        await until(lambda: is_gone(blobs, first))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def file_of(prediction_id: str | None) -> File:
    return File(
        id=new_token(), account_id="ann", prediction_id=prediction_id,
        purpose=Purpose.OUTPUT if prediction_id else Purpose.UPLOAD, name="a.txt", content_type="text/plain",
        size_bytes=5, sha256="0" * 64, created_at=1,
    )  # fmt: skip


async def begun(store: Store, **changes: object) -> Hold:
    await store.create(new_prediction(**changes))
    [taken] = await store.take(LANE, node="node-1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    return taken.hold


async def with_file(store: Store, blobs: Blobs, **changes: object) -> tuple[Prediction, File]:
    """A prediction that has given a file."""
    hold = await begun(store, **changes)
    file = file_of(hold.prediction_id)
    assert await store.announce_files(hold, [file])
    await blobs.put_bytes(file.blob, b"bytes")
    found = await store.finish(hold, Outcome(status=Status.SUCCEEDED, result={"$file": file.id}))
    assert found is not None
    return found, file


async def is_there(blobs: Blobs, file: File) -> bool:
    return file.id in await blobs.folder(file.id[:2])


async def is_gone(blobs: Blobs, file: File) -> bool:
    return not await is_there(blobs, file)


async def test_what_is_deleted_loses_its_bytes_at_once(store: Store, blobs: Blobs, config: Config) -> None:
    prediction, file = await with_file(store, blobs)
    _, kept = await with_file(store, blobs)
    async with working(store, blobs, config):
        await store.delete(prediction.id, account_id="ann")
        began = time.monotonic()
        await until(lambda: is_gone(blobs, file))
        assert time.monotonic() - began < 10
    assert await is_there(blobs, kept)


async def test_what_is_over_its_time_loses_its_bytes_without_being_asked_for(
    store: Store, blobs: Blobs, config: Config
) -> None:
    async with working(store, blobs, config):
        prediction, file = await with_file(store, blobs, retention=of_all(1))
        await until(lambda: is_gone(blobs, file))
    found = await store.get(prediction.id)
    assert found is not None
    assert (found.input, found.result, found.data_removed_at is not None) == ({}, None, True)


async def test_bytes_that_a_run_puts_after_its_end_do_not_stay(
    store: Store, blobs: Blobs, config: Config
) -> None:
    hold = await begun(store)
    late = file_of(hold.prediction_id)
    assert await store.announce_files(hold, [late])
    async with working(store, blobs, config):
        await store.delete(hold.prediction_id, account_id="ann")

        async def is_erased() -> bool:
            return await store.files_between(late.id, late.id + "~") == [(late.id, False)]

        await until(is_erased)
        await blobs.put_bytes(late.blob, b"bytes")
    # Its row is still there, which is how an hour later it is found once more.
    assert await store.files_between(late.id, late.id + "~") == [(late.id, False)]


async def test_nothing_is_erased_while_somebody_copies_and_all_of_it_after_that(
    store: Store, blobs: Blobs, config: Config
) -> None:
    prediction, file = await with_file(store, blobs)
    janitor = Janitor(store, blobs, config)
    with blobs.keeping():
        await store.delete(prediction.id, account_id="ann")
        assert 0 < await janitor.erase() < 60
        assert await is_there(blobs, file)
    await janitor.erase()
    assert not await is_there(blobs, file)


async def test_the_sweep_erases_old_bytes_that_no_row_knows_and_reports_what_is_missing(
    store: Store, blobs: Blobs, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    _, known = await with_file(store, blobs)
    _, lost = await with_file(store, blobs)
    await blobs.delete([lost.blob])
    strange, new = file_of(None), file_of(None)
    partial = f"{known.id[:2]}/.{known.id}.killed"
    for each in (strange.blob, new.blob, partial):
        await blobs.put_bytes(each, b"bytes")
    for name in (known.blob, strange.blob, partial):
        _age(config.data_path / "blobs" / name, seconds=3_700)
    sweep = Sweep(store, blobs)
    # They are older than the database, which another may have been mistaken for.
    await sweep.look(strange.id[:2])
    assert await is_there(blobs, strange)
    with direct_to(config) as direct:
        direct("UPDATE migrations SET applied_at = 1")
    with caplog.at_level(logging.WARNING):
        for place in {each.id[:2] for each in (known, lost, strange, new)}:
            missing = await sweep.look(place)
            assert missing == ([lost.id] if place == lost.id[:2] else [])
    assert [await is_there(blobs, each) for each in (known, strange, new)] == [True, False, True]
    assert not (config.data_path / "blobs" / partial).exists()
    assert f"files have lost their bytes: {lost.id}" in caplog.text


async def test_the_sweep_goes_to_every_place_where_a_file_may_lie(store: Store, blobs: Blobs) -> None:
    sweep = Sweep(store, blobs)
    found = {next(sweep._places) for _ in range(64 * 64)}
    assert all(new_token()[:2] in found for _ in range(1_000))


async def test_a_step_of_the_sweep_comes_some_seconds_after_the_one_before(
    store: Store, blobs: Blobs
) -> None:
    assert await Sweep(store, blobs).step() >= 1


async def test_it_looks_again_when_the_next_purge_is_due_and_at_least_each_minute(
    store: Store, blobs: Blobs, config: Config
) -> None:
    janitor = Janitor(store, blobs, config)
    assert await janitor.purge() == 60
    await with_file(store, blobs, retention=of_all(30))
    assert 1 < await janitor.purge() < 31


def _age(path: Path, *, seconds: float) -> None:
    at = time.time() - seconds
    os.utime(path, (at, at))

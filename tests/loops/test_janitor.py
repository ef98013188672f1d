"""The janitor: who counts as lost, and what is erased."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from foretell.blobs import open_blobs
from foretell.config import Config
from foretell.errors import Error
from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.loops import Janitor
from foretell.loops.janitor import Silence
from foretell.prediction import Outcome, Status
from foretell.store import NodeState, Store, open_store
from loops.offices import Office, until
from samples import LANE, new_prediction

pytestmark = pytest.mark.anyio
LOST_SECONDS = 20.0
SECOND = 1_000_000
START = 1_800_000_000 * SECOND


def test_nobody_is_lost_before_one_has_listened_long_enough() -> None:
    silence = Silence(LOST_SECONDS)
    seen = {"dead": START - 3_600 * SECOND}
    assert silence.lost(seen, now=0.0) is None
    assert silence.lost(seen, now=19.9) is None
    assert silence.lost(seen, now=20.0) == seen


def test_a_node_that_goes_on_talking_is_never_lost_and_a_silent_one_is() -> None:
    silence = Silence(LOST_SECONDS)
    lost = None
    for look in range(13):
        now = 5.0 * look
        seen = {"alive": START + round(now * SECOND), "dead": START + round(min(now, 10.0) * SECOND)}
        lost = silence.lost(seen, now=now)
        assert not lost or "alive" not in lost
    assert lost == {"dead": START + 10 * SECOND}


def test_after_an_interruption_one_listens_anew() -> None:
    silence = Silence(LOST_SECONDS)
    silence.lost({"node": START}, now=0.0)
    silence.interrupted()
    assert silence.lost({"node": START}, now=30.0) is None
    assert silence.lost({"node": START}, now=50.0) == {"node": START}


def test_clocks_that_are_far_apart_make_nobody_lost() -> None:
    silence = Silence(LOST_SECONDS)
    for look in range(20):
        now = 5.0 * look
        assert not silence.lost({"alive": round(now * SECOND)}, now=now + 1_000_000.0)


def test_a_databases_clock_that_is_set_back_makes_no_living_node_lost_and_saves_no_dead_one() -> None:
    silence = Silence(LOST_SECONDS)
    lost = None
    for look in range(20):
        now = 5.0 * look
        back = 3_600.0 if look >= 10 else 0.0
        seen = {"alive": START + round((now - back) * SECOND), "dead": START}
        lost = silence.lost(seen, now=now)
        assert not lost or "alive" not in lost
    assert lost == {"dead": START}


@pytest.mark.needs("postgres")
async def test_on_postgres_what_a_silent_node_held_is_free_again_and_a_live_ones_is_not(
    on_postgres: Config,
) -> None:
    config = replace(on_postgres, lost_seconds=1.0)
    store, blobs = await open_store(config), open_blobs(config)
    await store.create(new_prediction(id="of-the-dead"))
    await store.create(new_prediction(id="of-the-living"))
    for node in ("dead", "alive"):
        await store.heartbeat(NodeState(id=node, incarnation=node))
        await store.take(LANE, node=node, count=1)
    tasks = [asyncio.create_task(Janitor(store, blobs, config).run()), asyncio.create_task(_beats(store))]
    try:
        await until(lambda: _is_free(store, "of-the-dead"))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    kept = await store.get("of-the-living")
    assert kept is not None
    assert (kept.node, kept.losses) == ("alive", 0)
    await store.close()


async def test_on_sqlite_time_says_nothing_about_who_lives(on_sqlite: Config) -> None:
    config = replace(on_sqlite, lost_seconds=0.05)
    store, blobs = await open_store(config), open_blobs(config)
    await store.create(new_prediction(id="held"))
    await store.take(LANE, node="asleep", count=1)
    task = asyncio.create_task(Janitor(store, blobs, config).run())
    await asyncio.wait([task], timeout=0.5)
    assert not await _is_free(store, "held")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()


async def test_the_blobs_of_deleted_predictions_and_files_are_erased(office: Office) -> None:
    blobs = open_blobs(office.config)
    kept, deleted = [await _with_file(office) for _ in range(2)]
    for file in (kept, deleted):
        await blobs.put_bytes(file.blob, b"bytes")
    assert deleted.prediction_id is not None
    await office.store.delete(deleted.prediction_id, account_id=office.account.id)
    await Janitor(office.store, blobs, office.config).erase()
    assert await anext(blobs.read(kept.blob)) == b"bytes"
    with pytest.raises(Error, match="no such file"):
        await anext(blobs.read(deleted.blob))
    assert await office.store.orphans(10) == []


async def test_what_a_killed_upload_left_is_cleared_and_a_live_one_is_not(
    on_sqlite: Config, tmp_path: Path
) -> None:
    blobs = open_blobs(on_sqlite)
    staging = on_sqlite.data_path / "staging"
    old, new = staging / "old", staging / "new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    day_ago = time.time() - 90_000
    os.utime(old, (day_ago, day_ago))
    store = await open_store(on_sqlite)
    await Janitor(store, blobs, on_sqlite).clear_staged()
    await store.close()
    assert list(staging.iterdir()) == [new]


async def _beats(store: Store) -> None:
    while True:
        await store.heartbeat(NodeState(id="alive", incarnation="alive"))
        await asyncio.sleep(0.1)


async def _is_free(store: Store, prediction_id: str) -> bool:
    found = await store.get(prediction_id)
    return found is not None and found.node is None and found.losses == 1


async def _with_file(office: Office) -> File:
    new = new_prediction(account_id=office.account.id)
    await office.store.create(new)
    (taken,) = await office.store.take(LANE, node="node-1", count=1)
    assert taken.hold is not None
    await office.store.begin(taken.hold)
    file = File(
        id=new_token(),
        account_id=office.account.id,
        prediction_id=new.id,
        purpose=Purpose.OUTPUT,
        name="a.png",
        content_type="image/png",
        size_bytes=5,
        sha256="0" * 64,
        created_at=office.clock(),
    )
    outcome = Outcome(status=Status.SUCCEEDED, result={"$file": file.id})
    await office.store.finish(taken.hold, outcome, files=[file])
    return file

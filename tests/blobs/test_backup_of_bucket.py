"""Files of a bucket are fetched into a backup, and put back into the bucket that a restore is given."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from foretell.blobs import open_blobs
from foretell.config import Config
from foretell.file import File, Purpose
from foretell.ids import new_token
from foretell.main.backup import back_up, restore, verify
from foretell.store import open_store

pytestmark = pytest.mark.needs("s3")


def told(what: str, done: int, total: int) -> None:
    assert 0 <= done <= total, what


async def uploaded(config: Config) -> File:
    """An upload whose bytes are in the bucket."""
    store, blobs = await open_store(config), open_blobs(config)
    blank = File(
        id=new_token(), account_id="ann", prediction_id=None, purpose=Purpose.UPLOAD, name="a.txt",
        content_type="text/plain", size_bytes=0, sha256="", created_at=1,
    )  # fmt: skip
    found = blank

    async def words():  # type: ignore[no-untyped-def]
        yield b"kept words"

    async def announce(size: int, sha256: str) -> None:
        nonlocal found
        found = replace(blank, size_bytes=size, sha256=sha256)
        await store.announce_upload(found)

    await blobs.put_stream(blank.blob, words(), bytes_max=100, announce=announce)
    assert await store.settle_upload(found)
    await store.close()
    return found


async def content(config: Config, file: File) -> bytes:
    return b"".join([piece async for piece in open_blobs(config).read(file.blob)])


def test_files_of_a_bucket_come_back_from_a_backup(bucket_endpoint: str, tmp_path: Path) -> None:
    place = f"s3://outputs/{tmp_path.name}"
    config = Config(data=str(tmp_path / "data"), blobs=f"{place}/one", s3_endpoint=bucket_endpoint)
    file = asyncio.run(uploaded(config))
    backup = tmp_path / "backup"
    assert back_up(config, backup, told=told).files == 1
    asyncio.run(open_blobs(config).delete([file.blob]))
    summary, problems = verify(backup, told=told)
    assert (summary is not None, problems) == (True, [])
    other = Config(data=str(tmp_path / "other"), blobs=f"{place}/two", s3_endpoint=bucket_endpoint)
    restore(other, backup, force=False, told=told)
    assert asyncio.run(content(other, file)) == b"kept words"
    assert verify(backup, told=told)[1] == []

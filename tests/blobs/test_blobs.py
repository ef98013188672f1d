"""What every blob store promises."""

import asyncio
import hashlib
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foretell.blobs import WINDOW_BYTES, Blobs, open_blobs
from foretell.config import Config
from foretell.errors import Code, Error

LARGE = bytes(range(256)) * (2 * WINDOW_BYTES // 256 + 5)


async def everything(blobs: Blobs, name: str, *, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(name, start=start, end=end)])


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    raise ConnectionResetError("the uploader went away")


def run(work: object) -> object:
    return asyncio.run(work)  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"", b"hello", LARGE], ids=["empty", "small", "several windows"])
def test_bytes_come_back_as_they_were_put(blobs: Blobs, data: bytes) -> None:
    async def work() -> bytes:
        await blobs.put_bytes("ab/one", data)
        return await everything(blobs, "ab/one")

    assert run(work()) == data


def test_a_file_that_was_put_is_kept_and_gone_from_where_it_was(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(LARGE)

    async def work() -> bytes:
        await blobs.put_file("ab/picture", path)
        return await everything(blobs, "ab/picture")

    assert run(work()) == LARGE
    assert not path.exists()


def test_of_several_files_those_that_were_kept_are_gone_and_the_others_can_be_put_again(
    blobs: Blobs, tmp_path: Path
) -> None:
    first, missing, last = (tmp_path / name for name in ("first", "missing", "last"))
    first.write_bytes(b"1")
    last.write_bytes(b"3")
    left = {"ab/first": first, "cd/missing": missing, "ab/last": last}

    async def work() -> list[bytes]:
        with pytest.raises(Error) as caught:
            await blobs.put_files(left)
        assert caught.value.code is Code.UNAVAILABLE
        assert list(left) == ["cd/missing", "ab/last"]
        missing.write_bytes(b"2")
        await blobs.put_files(left)
        return [await everything(blobs, name) for name in ("ab/first", "cd/missing", "ab/last")]

    assert run(work()) == [b"1", b"2", b"3"]
    assert not left
    assert not any(each.exists() for each in (first, missing, last))


def test_what_was_prepared_is_nowhere_to_be_seen_before_it_is_put(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(LARGE)

    async def work() -> bytes:
        await blobs.prepare_files({"ab/picture": path})
        with pytest.raises(Error, match="no such file"):
            await everything(blobs, "ab/picture")
        await blobs.put_files({"ab/picture": path}, are_prepared=True)
        return await everything(blobs, "ab/picture")

    assert run(work()) == LARGE
    assert not path.exists()


def test_putting_again_replaces_the_whole_blob(blobs: Blobs) -> None:
    async def work() -> bytes:
        await blobs.put_bytes("ab/one", b"a long first value")
        await blobs.put_bytes("ab/one", b"short")
        return await everything(blobs, "ab/one")

    assert run(work()) == b"short"


def test_a_stream_is_kept_with_its_size_and_digest(blobs: Blobs) -> None:
    async def work() -> tuple[tuple[int, str], bytes]:
        found = await blobs.put_stream("cd/stream", chunks(b"one ", b"two"), bytes_max=7)
        return found, await everything(blobs, "cd/stream")

    assert run(work()) == ((7, hashlib.sha256(b"one two").hexdigest()), b"one two")


def test_a_stream_that_is_too_long_is_refused_and_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    async def work() -> Code:
        with pytest.raises(Error) as caught:
            await blobs.put_stream("cd/stream", chunks(b"x" * 600, b"x" * 600), bytes_max=1000)
        with pytest.raises(Error, match="no such file"):
            await everything(blobs, "cd/stream")
        return caught.value.code

    assert run(work()) is Code.TOO_LARGE
    assert files(tmp_path) == []


def test_a_stream_that_breaks_leaves_what_was_there_before(blobs: Blobs, tmp_path: Path) -> None:
    async def work() -> bytes:
        await blobs.put_bytes("cd/stream", b"before")
        with pytest.raises(ConnectionResetError):
            await blobs.put_stream("cd/stream", broken(b"half of"), bytes_max=1000)
        return await everything(blobs, "cd/stream")

    assert run(work()) == b"before"
    assert len(files(tmp_path)) <= 1


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (5, None), (WINDOW_BYTES - 1, WINDOW_BYTES + 1), (10, 10), (3, 10**9), (10**9, None)],
)
def test_a_range_reads_from_start_to_before_end(blobs: Blobs, start: int, end: int | None) -> None:
    async def work() -> bytes:
        await blobs.put_bytes("ab/large", LARGE)
        return await everything(blobs, "ab/large", start=start, end=end)

    assert run(work()) == LARGE[start:end]


def test_reading_what_is_not_there_says_so_on_the_first_step(blobs: Blobs) -> None:
    async def work() -> Code:
        with pytest.raises(Error) as caught:
            await anext(blobs.read("ab/none"))
        return caught.value.code

    assert run(work()) is Code.FILE_NOT_FOUND


def test_saving_writes_a_local_file_and_a_missing_blob_leaves_none(blobs: Blobs, tmp_path: Path) -> None:
    target = tmp_path / "saved"

    async def work() -> None:
        await blobs.put_bytes("ab/one", LARGE)
        with pytest.raises(Error):
            await blobs.save("ab/none", target)
        assert not target.exists()
        await blobs.save("ab/one", target)

    run(work())
    assert target.read_bytes() == LARGE


def test_deleting_erases_what_is_there_and_ignores_what_is_not(blobs: Blobs) -> None:
    async def work() -> bytes:
        await blobs.put_bytes("ab/one", b"1")
        await blobs.put_bytes("ab/two", b"2")
        await blobs.put_bytes("ab/kept", b"kept")
        await blobs.delete(["ab/none", "ab/one", "ab/none too", "ab/two"])
        await blobs.delete([])
        for name in ("ab/one", "ab/two"):
            with pytest.raises(Error):
                await anext(blobs.read(name))
        return await everything(blobs, "ab/kept")

    assert run(work()) == b"kept"


def test_many_writers_of_one_name_leave_one_of_their_values_whole(blobs: Blobs) -> None:
    values = [bytes([number]) * 100_000 for number in range(8)]

    async def work() -> bytes:
        await asyncio.gather(*(blobs.put_bytes("ab/one", value) for value in values))
        return await everything(blobs, "ab/one")

    assert run(work()) in values


def test_a_full_disk_is_said_to_be_one_and_leaves_nothing_behind(tmp_path: Path) -> None:
    blobs = open_blobs(Config(data=str(tmp_path)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        for put in (
            blobs.put_bytes("a/b", b"x" * 200_000),
            blobs.put_stream("a/b", chunks(b"x" * 200_000), bytes_max=1_000_000),
        ):
            with pytest.raises(Error) as caught:
                run(put)
            assert caught.value.code is Code.UNAVAILABLE
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert files(tmp_path) == []


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_other_users_of_the_machine_cannot_look_in_even_if_the_data_directory_is_open(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    open_blobs(Config(data=str(tmp_path)))
    assert {(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {
        ("blobs", 0o700),
        ("staging", 0o700),
    }


def test_a_place_lists_its_blobs_and_how_old_they_are(blobs: Blobs) -> None:
    async def work() -> dict[str, float]:
        for name in ("ab/one", "ab/two", "ac/three", "abc/four"):
            await blobs.put_bytes(name, b"x")
        assert await blobs.folder("zz") == {}
        return await blobs.folder("ab")

    found = run(work())
    assert isinstance(found, dict)
    assert sorted(found) == ["one", "two"]
    assert all(-60 < age < 60 for age in found.values())


def test_a_stream_is_announced_when_its_bytes_are_all_there_and_before_its_blob_is(blobs: Blobs) -> None:
    seen: list[tuple[int, str, bool]] = []

    async def announce(size: int, sha256: str) -> None:
        seen.append((size, sha256, "one" in await blobs.folder("ab")))

    async def work() -> tuple[int, str]:
        return await blobs.put_stream("ab/one", chunks(b"he", b"llo"), bytes_max=10, announce=announce)

    assert run(work()) == (5, hashlib.sha256(b"hello").hexdigest())
    assert seen == [(5, hashlib.sha256(b"hello").hexdigest(), False)]


def test_a_stream_that_breaks_or_is_not_wanted_is_announced_to_nobody_and_leaves_nothing(
    blobs: Blobs,
) -> None:
    async def unwanted(size: int, sha256: str) -> None:
        raise Error(Code.UNAVAILABLE, "There is no room for a row.")

    async def work() -> dict[str, float]:
        for data, problem in ((chunks(b"hello"), Error), (broken(b"he"), ConnectionResetError)):
            with pytest.raises(problem):
                await blobs.put_stream("ab/one", data, bytes_max=10, announce=unwanted)
        return await blobs.folder("ab")

    assert run(work()) == {}


def test_nothing_may_be_erased_while_somebody_keeps_and_several_may_keep_at_once(blobs: Blobs) -> None:
    with blobs.keeping(), blobs.keeping(), blobs.erasing() as may_erase:
        assert not may_erase
    with blobs.erasing() as may_erase, blobs.erasing() as may_too:
        assert (may_erase, may_too) == (True, False)

"""The list of uploads: an account's own, in either direction, from wherever a page ended."""

from collections.abc import Sequence

import pytest

from foretell.account import Role
from foretell.file import File, Purpose, Uploads
from foretell.store import Store
from samples import kept

pytestmark = pytest.mark.anyio


async def added(store: Store, account_id: str, *, count: int, purpose: str | None = None) -> list[str]:
    """The ids of new uploads, the oldest first; every two are of the same instant."""
    files = [
        File(
            id=f"{account_id}-{purpose}-{number:02}",
            account_id=account_id,
            prediction_id=None,
            purpose=Purpose.UPLOAD,
            name=f"{number}.txt",
            content_type="text/plain",
            size_bytes=1,
            sha256="00",
            created_at=number // 2,
            given_name=f"Number {number}",
            given_purpose=purpose,
        )
        for number in range(count)
    ]
    for file in files:
        await kept(store, file)
    return [file.id for file in files]


def ids(files: Sequence[File]) -> list[str]:
    return [file.id for file in files]


async def test_uploads_are_listed_in_either_direction_and_none_is_skipped_between_pages(store: Store) -> None:
    account = await store.create_account("a", Role.MEMBER)
    other = await store.create_account("b", Role.MEMBER)
    oldest_first = await added(store, account.id, count=7)
    theirs = await added(store, other.id, count=2)
    for is_oldest_first, expected in ((True, oldest_first), (False, oldest_first[::-1])):
        found: list[File] = []
        after = None
        while True:
            wanted = Uploads(account_id=account.id, is_oldest_first=is_oldest_first, after=after, limit=3)
            page = await store.uploads(wanted)
            if not page:
                break
            found += page
            after = (page[-1].created_at, page[-1].id)
        assert ids(found) == expected
    everybodys = await store.uploads(Uploads(account_id=None, limit=100))
    assert set(ids(everybodys)) == {*oldest_first, *theirs}
    assert (found[0].given_name, found[0].given_purpose) == ("Number 6", None)


async def test_uploads_are_told_apart_by_what_they_were_given_for_and_counted(store: Store) -> None:
    account = await store.create_account("a", Role.MEMBER)
    await added(store, account.id, count=3, purpose="vision")
    batch = await added(store, account.id, count=4, purpose="batch")
    wanted = Uploads(account_id=account.id, given_purpose="batch", offset=1, limit=2)
    assert ids(await store.uploads(wanted)) == batch[::-1][1:3]
    assert await store.count_uploads(wanted) == 4


async def test_deleted_uploads_and_outputs_are_not_listed(store: Store) -> None:
    account = await store.create_account("a", Role.MEMBER)
    first, second = await added(store, account.id, count=2)
    await store.delete_file(first)
    output = File(
        id="output",
        account_id=account.id,
        prediction_id=None,
        purpose=Purpose.OUTPUT,
        name="o.png",
        content_type="image/png",
        size_bytes=1,
        sha256="00",
        created_at=3,
    )
    await kept(store, output)
    wanted = Uploads(account_id=account.id, limit=100)
    assert ids(await store.uploads(wanted)) == [second]
    assert await store.count_uploads(wanted) == 1

"""The object store that holds blobs: a directory, or a bucket of an S3-compatible service."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

REQUEST_SECONDS = 120
"""How long one request to a bucket may take; a large blob is several requests."""


class Objects:
    """Named byte strings in one store. What is not there is a FileNotFoundError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, data: Path | bytes) -> None:
        """Keeps a file's bytes, or these. Raises OSError when it cannot."""
        try:
            await obstore.put_async(self._store, name, data)
        except BaseError as error:
            raise OSError(str(error)) from error

    async def parts(self, name: str, start: int, end: int | None, *, part_bytes: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, or to the last, at most `part_bytes` at a time."""
        try:
            size = (await obstore.head_async(self._store, name))["size"]
            end = size if end is None else min(end, size)
            while start < end:
                stop = min(start + part_bytes, end)
                yield bytes(await obstore.get_range_async(self._store, name, start=start, end=stop))
                start = stop
        except NotFoundError as error:
            raise FileNotFoundError(name) from error

    async def delete(self, names: Sequence[str]) -> None:
        """Erases all of them, or some and raises."""
        try:
            await obstore.delete_async(self._store, list(names))
        except NotFoundError as error:
            raise FileNotFoundError from error

    async def beneath(self, prefix: str) -> list[tuple[str, datetime]]:
        """The names that begin with `prefix`, each with when it was put."""
        found = await obstore.list(self._store, prefix=prefix).collect_async()
        return [(str(each["path"]), each["last_modified"]) for each in found]


def directory(root: Path) -> Objects:
    """The files in a directory."""
    return Objects(LocalStore(root))


def bucket(name: str, prefix: str, endpoint: str) -> Objects:
    """A bucket, or what is beneath a prefix in it. Its credentials come from the usual `AWS_…` variables."""
    limit = timedelta(seconds=REQUEST_SECONDS)
    store = S3Store(
        name,
        prefix=prefix or None,
        config={"endpoint": endpoint} if endpoint else {},
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": limit},
        retry_config={"max_retries": 5, "retry_timeout": limit},
    )
    return Objects(store)

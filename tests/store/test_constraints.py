"""The tables refuse nonsense themselves, so that no path through the code can write it."""

import pytest

from databases import Direct
from foretell.prediction import TERMINAL
from foretell.store import Store
from samples import new_prediction

pytestmark = pytest.mark.anyio

NONSENSE = {
    "an unknown status": "status = 'bored'",
    "processing without a node": "status = 'processing', started_at = 1",
    "processing that never started": "status = 'processing', node = 'n', attempt = 1, held_at = 1",
    "a start without a run": "started_at = 1",
    "an end without an instant": "status = 'succeeded'",
    "an instant without an end": "completed_at = 1",
    "a hold after the end": "status = 'failed', completed_at = 1, node = 'n', attempt = 1, held_at = 1",
    "a hold without an attempt": "node = 'n', held_at = 1",
    "a hold without an instant": "node = 'n', attempt = 1",
    "a tombstone of the living": "deleted_at = 1",
    "a negative attempt": "attempt = -1",
    "more losses than there may be": "losses = 4",
    "progress beyond a hundred": "progress = 101",
    "a negative price": "cost_nanocredits = -1",
    "an unknown privacy": "privacy = 'secret'",
    "no account": "account_id = NULL",
}

ROWS = {
    "a second delivery of one event": [
        "INSERT INTO deliveries (id, prediction_id, account_id, event, url, state, next_at, created_at) "
        f"VALUES ('{each}', 'p', 'a', 'failed', 'u', 'pending', 1, 1)"
        for each in "ab"
    ],
    "an unknown event": [
        "INSERT INTO deliveries (id, prediction_id, account_id, event, url, state, next_at, created_at) "
        "VALUES ('a', 'p', 'a', 'bored', 'u', 'pending', 1, 1)"
    ],
    "a key of nobody": [
        "INSERT INTO keys (id, account_id, name, sha256, last4, created_at) VALUES ('k', 'nobody', 'n', 's', 'l', 1)"
    ],
    "fewer than nobody waiting": [
        "INSERT INTO lanes (lane, priority, version_id, waiting) VALUES ('l', 0, 'v', -1)"
    ],
    "an event before the first attempt": [
        "INSERT INTO events (prediction_id, attempt, sequence, last_sequence, batch) VALUES ('p', 0, 1, 1, '[]')"
    ],
    "a batch that ends before it begins": [
        "INSERT INTO events (prediction_id, attempt, sequence, last_sequence, batch) VALUES ('p', 1, 2, 1, '[]')"
    ],
    "two loads of a version on one node": [
        f"INSERT INTO replicas (id, version_id, node, state, updated_at) VALUES ('{each}', 'v', 'n', '{state}', 1)"
        for each, state in (("a", "wanted"), ("b", "loading"))
    ],
}


def refused(direct: Direct, *statements: str) -> None:
    *first, last = statements
    for each in first:
        direct(each)
    with pytest.raises(Exception, match=r"(?i)constraint|null"):
        direct(last)


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_a_prediction_cannot_be(store: Store, direct: Direct, nonsense: str) -> None:
    row = await store.create(new_prediction())
    refused(direct, f"UPDATE predictions SET {NONSENSE[nonsense]}")
    assert await store.get(row.id) == row


@pytest.mark.parametrize("nonsense", ROWS)
async def test_there_cannot_be(store: Store, direct: Direct, nonsense: str) -> None:
    refused(direct, *ROWS[nonsense])


async def test_every_way_to_end_needs_its_instant(store: Store, direct: Direct) -> None:
    await store.create(new_prediction())
    for status in sorted(TERMINAL):
        refused(direct, f"UPDATE predictions SET status = '{status}'")

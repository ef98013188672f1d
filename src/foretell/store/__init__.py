"""Everything that is stored, and the only SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from foretell.config import Config
from foretell.store.facade import Store
from foretell.store.files import ERASE
from foretell.store.idempotency import Claim
from foretell.store.inbox import Inbox
from foretell.store.lanes import LaneState
from foretell.store.live import Follower
from foretell.store.nodes import Facts, NodeState, Readiness, ReplicaState
from foretell.store.notices import Notices, Subscription
from foretell.store.opening import migrate, open_database
from foretell.store.orders import ORDERS, Orders
from foretell.store.outlook import Outlook
from foretell.store.retention import PURGES
from foretell.store.sqlite import LockedError
from foretell.store.webhooks import DeliveryAttempt

__all__ = [
    "ERASE",
    "ORDERS",
    "PURGES",
    "Claim",
    "DeliveryAttempt",
    "Facts",
    "Follower",
    "Inbox",
    "LaneState",
    "LockedError",
    "NodeState",
    "Notices",
    "Orders",
    "Outlook",
    "Readiness",
    "ReplicaState",
    "Store",
    "Subscription",
    "migrate",
    "open_store",
]


async def open_store(config: Config, *, clock: Callable[[], int] | None = None) -> Store:
    """The store of `config`, ready for use. `clock` gives the instant now, for tests.

    SQLite is migrated here; an unmigrated Postgres is refused with Error(UNAVAILABLE). Raises LockedError,
    which names the process, when another server holds the data directory.
    """
    database = await asyncio.to_thread(open_database, config, clock)
    return Store(database, queued_max=config.queued_max)

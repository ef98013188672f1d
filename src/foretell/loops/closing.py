"""Closing: charges whose runs never said what they used, and idempotency keys whose day is over."""

from foretell.store import Store

PAUSE_SECONDS = 60.0


class Closing:
    """What is left to close in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def step(self) -> float:
        """Closes some of it; how long to wait before looking again."""
        settled = await self._store.settle_overdue()
        forgotten = await self._store.forget_idempotency_keys()
        return 0 if settled or forgotten else PAUSE_SECONDS

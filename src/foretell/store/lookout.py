"""The lookout: sees that a prediction has moved although no notice came, for all who wait for one at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from foretell.errors import Error
from foretell.prediction import Prediction
from foretell.store.database import Connection, Row, marks
from foretell.store.notices import Notices, Subscription
from foretell.store.reads import Readers

LOOK_SECONDS = 1.0
"""How long a waiter trusts that no news is no news."""
IDS_MAX = 500
"""In one question."""

Get = Callable[[str], Awaitable[Prediction | None]]
Enough = Callable[[], Awaitable[bool]]


class Lookout:
    """While anybody waits for a prediction, says what notices should have said."""

    def __init__(self, notices: Notices, readers: Readers) -> None:
        self._notices = notices
        self._readers = readers
        self._known: dict[str, Row | None] = {}
        self._waited: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def moves(self, prediction_id: str, then: Callable[[Any], None] | None = None) -> Subscription:
        """Hears from `with` on that a prediction has moved, and calls `then` with its row, if that is known.

        It looks for as long as anybody waits.
        """
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._look_out(), name="lookout")
        return self._notices.subscribe(f"prediction:{prediction_id}", then)

    async def terminal(
        self,
        get: Get,
        prediction_id: str,
        timeout_seconds: float,
        *,
        seen: Prediction | None,
        enough: Enough | None,
    ) -> Prediction | None:
        """The prediction once it has ended, or as it is when the time is over; None when there is none."""
        deadline = time.monotonic() + timeout_seconds
        found = seen if seen is not None and seen.node is not None else None
        goes_on = timeout_seconds > 0
        with self.moves(prediction_id) as moves:
            while True:
                found = found or await get(prediction_id)
                if found is None or found.status.is_terminal or not goes_on:
                    return found
                goes_on = await _moved(moves, deadline, enough)
                told: Prediction | None = moves.value
                if told is not None and told.status.is_terminal:
                    return told
                if moves.must_look or not goes_on:
                    # Else this process has moved it, and it lives.
                    found, moves.must_look = None, False

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _look_out(self) -> None:
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                waited = set(self._notices.waited_for("prediction"))
                if not waited:
                    return
                # Most are answered before anybody has to look.
                with suppress(Error):
                    await self._look(sorted(waited & self._waited))
                self._waited = waited
        finally:
            self._task = None

    async def _look(self, ids: Sequence[str]) -> None:
        found = await self._readers.ask(lambda connection: _rows(connection, ids)) if ids else {}
        moved = [each for each in ids if each not in self._known or self._known[each] != found.get(each)]
        self._known = {each: found.get(each) for each in ids}
        self._notices.publish([f"prediction:{each}" for each in moved])


async def _moved(moves: Subscription, deadline: float, enough: Enough | None) -> bool:
    """Whether there was news before the time was over, or was enough, which is asked each second at least."""
    while (left := deadline - time.monotonic()) > 0:
        has_moved = await moves.wait(min(LOOK_SECONDS, left))
        # Asked also where it moves all the time: a run that tells its progress would never be left.
        if enough is not None and await enough():
            return False
        if has_moved:
            return True
    return False


def _rows(connection: Connection, ids: Sequence[str]) -> dict[str, Row]:
    """What changes whenever a prediction moves, by id; none for one that is deleted."""
    columns = "id, status, attempt, updated_at, phase, progress"
    found: list[Row] = []
    for start in range(0, len(ids), IDS_MAX):
        some = ids[start : start + IDS_MAX]
        sql = f"SELECT {columns} FROM predictions WHERE id IN ({marks(len(some))}) AND deleted_at IS NULL"
        found += connection.execute(sql, some)
    return {row[0]: row for row in found}

"""The store as everybody sees it: one object, thin calls into the list-shaped functions behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Unpack

from foretell.event import Event
from foretell.file import File
from foretell.prediction import Hold, Outcome, Phase, Prediction, Steps, Used
from foretell.store import deadlines, events, lanes, predictions, reads, removal
from foretell.store.arrivals import BRIEF_CHARACTERS_MAX, Arrivals
from foretell.store.database import Database
from foretell.store.events import Append
from foretell.store.lanes import LaneState
from foretell.store.live import Follower, Live
from foretell.store.lookout import Lookout
from foretell.store.notices import Notices, Subscription
from foretell.store.predictions import Finish
from foretell.store.writer import Verb, Writer

POLL_SECONDS = 1.0
"""How long a waiter trusts that no news is no news."""

OVERDUE_AT_ONCE = 100
OVERDUE_SECONDS_MIN = 0.1
CLOCKS_APART_SECONDS_MAX = 5.0
"""How far the database's clock, by which a deadline counts, may be behind this machine's to be asked often."""

# In the order in which they run within a group, after what is created.
TAKE = Verb(predictions.take, rank=2, lasting=False)
BEGIN = Verb(predictions.begin, rank=3, lasting=False)
NOTE = Verb(predictions.note, rank=4, lasting=False)
APPEND = Verb(events.append, rank=5, lasting=False)
FINISH = Verb(predictions.finish, rank=6)
RELEASE = Verb(predictions.release, rank=7)
CANCEL = Verb(predictions.cancel, rank=8)
DELETE = Verb(removal.delete, rank=9)
RESCUE = Verb(removal.rescue, rank=10)
STOPPED = Verb(removal.stopped, rank=11, lasting=False)
END_OVERDUE = Verb(deadlines.end_overdue, rank=13)
FORGET_PREVIEWS = Verb(events.forget_previews, rank=12, lasting=False)


class Store(Arrivals):
    """The only door to what is stored. Any write may raise Error(UNAVAILABLE): then nothing was written."""

    def __init__(self, database: Database, *, queued_max: int) -> None:
        self.notices = Notices()
        self._closed = False
        self._database = database
        self._loop = asyncio.get_running_loop()
        super().__init__(Writer(database, self._publish), reads.Readers(database), queued_max=queued_max)
        self._lookout = Lookout(self.notices, self._readers)
        self._live = Live(self._append)
        database.listen(self._heard)

    async def close(self) -> None:
        """Writes what was asked, then lets go of the database. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self._lookout.close()
        await self._live.close()
        await self._writer.close()
        await asyncio.to_thread(self._readers.close)
        await asyncio.to_thread(self._database.close)

    async def take(self, lane: str, *, node: str, count: int) -> list[Prediction]:
        """Up to `count` free rows of the lane, now held by `node`, in the order in which they are due, with bodies."""
        return await self._writer.submit(TAKE, predictions.Take(lane, node, count))

    async def begin(self, hold: Hold, *, ran_seconds: float = 0.0) -> bool:
        """The predictor was entered, so long ago. False means the hold was lost, and nothing was written.

        So in all that follow.
        """
        asked = predictions.Begin(hold, ran_seconds)
        return await self._writer.submit(BEGIN, asked, key=hold.prediction_id, is_brief=True)

    async def note(
        self, hold: Hold, *, phase: Phase, progress: float | None = None, steps: Steps | None = None
    ) -> bool:
        """What the row is doing now; `progress` is a percentage that never falls, `steps` what it was counted in."""
        asked = predictions.Note(hold, phase, progress, steps)
        return await self._writer.submit(NOTE, asked, key=hold.prediction_id, is_brief=True)

    async def append(self, hold: Hold, said: Sequence[Event]) -> bool:
        """Writes what the attempt said, in order, at least one event."""
        rows = events.batches(hold.prediction_id, hold.attempt, said, node=hold.node)
        written = [self._writer.submit(APPEND, each, key=hold.prediction_id) for each in rows]
        return all(await asyncio.gather(*written))

    async def forget_previews(self, prediction_id: str) -> None:
        """Takes away what was shown of an unfinished picture, after it was written."""
        self._live.flush(prediction_id)
        await self._writer.submit(FORGET_PREVIEWS, prediction_id, key=prediction_id, is_brief=True)

    async def finish(
        self,
        hold: Hold,
        outcome: Outcome,
        *,
        files: Sequence[File] = (),
        prediction: Prediction | None = None,
    ) -> Prediction | None:
        """Ends the attempt, after what it said; None when the hold was lost.

        `prediction`: what the holder was given, which need not be read again.
        """
        return await self.finishing(predictions.Finish(hold, outcome, files, prediction))

    def finishing(self, asked: Finish) -> asyncio.Future[Prediction | None]:
        """The same under way."""
        self._live.flush(asked.hold.prediction_id)
        return self._writer.submit(FINISH, asked, key=asked.hold.prediction_id, is_brief=not asked.files)

    async def release(self, hold: Hold, *, lost: bool = False) -> Prediction | None:
        """Frees the row, to wait again with its old turn; `lost` counts a loss, and the third fails it."""
        self._live.flush(hold.prediction_id)
        return await self._writer.submit(RELEASE, predictions.Release(hold, lost), key=hold.prediction_id)

    async def cancel(
        self, prediction_id: str, *, account_id: str | None, canceled_by: str = "caller"
    ) -> Prediction | None:
        """Ends a live row; gives the row as it now is, None when that account has no such row."""
        self._live.flush(prediction_id)
        asked = predictions.Cancel(prediction_id, account_id, canceled_by)
        return await self._writer.submit(CANCEL, asked, key=prediction_id)

    async def stopped(
        self, prediction_id: str, *, attempt: int, stage: str, seconds: float, used: Used | None = None
    ) -> None:
        """Writes beside an ended row which stage it took to stop its run, how long, and what a canceled one used."""
        asked = removal.Stopped(prediction_id, attempt, stage, seconds, used)
        await self._writer.submit(STOPPED, asked, key=prediction_id)

    async def end_overdue(self) -> float:
        """Cancels and fails what is over its deadline; how many seconds to wait before looking again.

        Everybody who runs predictions or waits for them may do so: once is as good as often.
        """
        next_at = await self._readers.ask(deadlines.next_at)
        if next_at is None:
            return POLL_SECONDS
        if await self._writer.submit(END_OVERDUE, OVERDUE_AT_ONCE) >= OVERDUE_AT_ONCE:
            return 0.0
        left_seconds = next_at / 1_000_000 - time.time()
        if left_seconds < -CLOCKS_APART_SECONDS_MAX:
            return POLL_SECONDS
        return min(max(left_seconds, OVERDUE_SECONDS_MIN), POLL_SECONDS)

    async def rescue(self, *, but: str | None = None, silent: Mapping[str, int] | None = None) -> int:
        """Frees, with a loss each, the rows of every incarnation but `but`, or of those that are `silent` or unknown.

        `silent` has the `seen_at` of each that is lost unless it has spoken since.
        """
        return await self._writer.submit(RESCUE, removal.Rescue(but, silent))

    async def delete(self, prediction_id: str, *, account_id: str | None) -> Prediction | None:
        """Cancels a live row, then leaves a tombstone. Gives the row as it was; None when there is none."""
        self._live.flush(prediction_id)
        return await self._writer.submit(
            DELETE, removal.Delete(prediction_id, account_id, self._deed), key=prediction_id
        )

    async def get(self, prediction_id: str, *, deleted: bool = False) -> Prediction | None:
        """The prediction with its body. `deleted` shows tombstones too, with the body that a delivery still needs."""
        return await self._readers.ask(
            lambda connection: reads.get(connection, prediction_id, deleted=deleted)
        )

    async def list_predictions(
        self,
        *,
        account_id: str | None,
        offset: int = 0,
        limit: int = 20,
        **narrowed: Unpack[reads.Narrowing],
    ) -> tuple[list[Prediction], int]:
        """A page, newest first, with bodies; and how many there are."""
        wanted = reads.Filter(account_id=account_id, **narrowed)
        return await self._readers.ask(
            lambda connection: reads.page(connection, wanted, offset=offset, limit=limit)
        )

    async def events(
        self, prediction_id: str, *, attempt: int | None = None, after: int = 0, limit: int = 1000
    ) -> list[Event]:
        """What an attempt (None: the newest) has said after `after`, also what is not written yet."""
        unwritten = self._live.unwritten(prediction_id)
        if attempt is None and unwritten:
            attempt = unwritten[-1].attempt
        found = await self._readers.ask(
            lambda connection: events.read_events(connection, prediction_id, attempt, after, limit)
        )
        last = found[-1].sequence if found else after
        return (found + [each for each in unwritten if each.attempt == attempt and each.sequence > last])[
            :limit
        ]

    async def waiting(self) -> list[LaneState]:
        """The lanes in which somebody waits."""
        return await self._readers.ask(lanes.states)

    async def position(self, prediction_id: str) -> int | None:
        """The 1-based place in its lane; None when it does not wait."""
        return await self._readers.ask(lambda connection: lanes.position(connection, prediction_id))

    def say(self, *events: Event) -> None:
        """What an attempt says, in order: followers in this process hear it at once.

        It is written within 100 ms if the attempt is still held.
        """
        self._live.say(events)

    def follow(self, prediction_id: str, then: Callable[[], None] | None = None) -> Follower:
        """Hears what is said in this process from `with` on; read `events` after entering to miss nothing.

        `then` is called whenever there is something to take.
        """
        return Follower(self._live, prediction_id, then)

    def moves(self, prediction_id: str, then: Callable[[Any], None] | None = None) -> Subscription:
        """Hears from `with` on that a prediction has moved, and calls `then`; two seconds late if a notice was lost.

        `then` is given the row as it now is: whole if it has ended, without its body else; None where one has to look.
        """
        return self._lookout.moves(prediction_id, then)

    async def await_terminal(
        self,
        prediction_id: str,
        timeout_seconds: float,
        *,
        seen: Prediction | None = None,
        enough: Callable[[], Awaitable[bool]] | None = None,
    ) -> Prediction | None:
        """The prediction once it has ended, or as it is when the time is over; None when there is none.

        `seen`: as it was created just now; the end of one that this process itself runs cannot have been missed.
        `enough` is asked each second whether that was long enough.
        """
        return await self._lookout.terminal(
            self.get, prediction_id, timeout_seconds, seen=seen, enough=enough
        )

    def _append(self, batch: Append) -> asyncio.Future[bool]:
        is_brief = len(batch.batch) < BRIEF_CHARACTERS_MAX
        return self._writer.submit(APPEND, batch, key=batch.prediction_id, is_brief=is_brief)

    def _publish(self, topics: Mapping[str, Any]) -> None:
        self.notices.publish(topics, topics)
        if self.on_end is not None:
            for value in topics.values():
                if isinstance(value, Prediction) and value.status.is_terminal:
                    self.on_end(value)

    def _heard(self, topics: frozenset[str]) -> None:
        self._loop.call_soon_threadsafe(self.notices.publish, topics)

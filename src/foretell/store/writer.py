"""Group commit: what waits is written as one transaction, and each caller is answered when it is committed.

There is no lingering: while one group commits, the next one gathers. Within a group each verb runs once, over the
list of what was asked of it. Two writes about one prediction under the same verb never share a group, and the order
in which writes about one prediction came is kept.

A thread does that. Where the database answers at once, brief writes are done on the event loop's own thread, each turn
of which makes a group: two changes of thread cost more than they do. Never are both at it.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from foretell.errors import Code, Error
from foretell.store.database import Database, Fault, Transaction

log = logging.getLogger(__name__)

GROUP_MAX = 256
"""Writes of one verb in one group."""
BRIEF_TURN_MAX = 8
"""More at a time are left to the thread however brief they are: the event loop has others to hear meanwhile."""
WAITING_MAX = 8_192
"""Writes looked at for one group; the rest stay in the queue."""
TRIES_MAX = 3
"""How often a group that met a deadlock is run."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Published = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Verb(Generic[Item, Answer]):
    """A kind of write. `rank` is its place within a group.

    `lasting` False: losing it with the machine breaks no promise, so it need not wait for the disk.
    """

    run: Callable[[Transaction, Sequence[Item]], Sequence[Answer | Error]]
    rank: int
    lasting: bool = True


@dataclass(slots=True, eq=False)
class Write:
    """One caller's write and where its answer goes.

    `then` is told the answer, or the exception, before anybody else, and also when nobody waits for it any more.
    """

    verb: Verb[Any, Any]
    item: Any
    key: str | None
    answer: asyncio.Future[Any]
    then: Callable[[Any], None] | None = None


Outcome = tuple[Write, Any]


class Writer:
    """The thread that owns the writing connection."""

    def __init__(self, database: Database, publish: Published) -> None:
        self._database = database
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Sequence[Write] | None] = queue.SimpleQueue()
        self._waiting: deque[Write] = deque()
        self._turn: list[Write] = []
        self._is_brief = True
        self._handed_over = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="foretell-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        verb: Verb[Item, Answer],
        item: Item,
        *,
        key: str | None = None,
        then: Callable[[Answer | Exception], None] | None = None,
        is_brief: bool = False,
    ) -> asyncio.Future[Answer]:
        """Queues a write. Its future has the answer once durable; Error(UNAVAILABLE): nothing was written.

        `is_brief`: the event loop can do it where the database answers at once.
        """
        if self._closing:
            refusal = Error(Code.UNAVAILABLE, "The server is stopping.")
            if then is not None:
                then(refusal)
            raise refusal
        answer: asyncio.Future[Answer] = self._loop.create_future()
        write = Write(verb, item, key, answer, then)
        if not self._turn:
            # What is submitted in one turn of the loop goes together: the first would else be a group by itself.
            self._loop.call_soon(self._do_turn)
            self._is_brief = not self._handed_over
        self._turn.append(write)
        self._is_brief = self._is_brief and is_brief and self._database.is_prompt(lasting=verb.lasting)
        return answer

    @property
    def is_at_hand(self) -> bool:
        """Whether what is brief, and submitted now, is written in this turn of the event loop."""
        is_free = not self._handed_over and (not self._turn or self._is_brief)
        return is_free and self._database.is_prompt(lasting=True)

    async def close(self) -> None:
        """Writes what was submitted before, then ends the thread."""
        self._closing = True
        turn, self._turn = self._turn, []
        self._hand_over(turn)
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while group := self._gather():
            topics: dict[str, Any] = {}
            outcomes = self._settle(group, topics)
            self._loop.call_soon_threadsafe(self._answer_handed_over, outcomes, topics)

    def _hand_over(self, writes: Sequence[Write]) -> None:
        """Leaves them, and what comes until they are done, to the thread."""
        if writes:
            self._handed_over += len(writes)
            self._queue.put(writes)

    def _do_turn(self) -> None:
        turn, self._turn = self._turn, []
        if self._handed_over or not self._is_brief or len(turn) > BRIEF_TURN_MAX:
            self._hand_over(turn)
            return
        while turn:
            group, later = _picked(turn)
            if not self._database.begins_at_once(lasting=any(each.verb.lasting for each in group)):
                self._hand_over(turn)
                return
            topics: dict[str, Any] = {}
            outcomes = self._settle(group, topics)
            turn = list(later)
            self._answer(outcomes, topics)

    def _answer_handed_over(self, outcomes: Sequence[Outcome], topics: Mapping[str, Any]) -> None:
        self._handed_over -= len(outcomes)
        self._answer(outcomes, topics)

    def _answer(self, outcomes: Sequence[Outcome], topics: Mapping[str, Any]) -> None:
        for write, result in outcomes:
            if write.then is not None:
                write.then(result)
            if write.answer.done():
                continue
            if isinstance(result, Exception):
                write.answer.set_exception(result)
            else:
                write.answer.set_result(result)
        self._publish(topics)

    def _gather(self) -> list[Write]:
        """The next group; empty when the queue was closed and nothing waits."""
        if not self._waiting and not self._accept(self._queue.get()):
            return []
        while len(self._waiting) < WAITING_MAX and not self._queue.empty():
            if not self._accept(self._queue.get()):
                self._queue.put(None)
                break
        group, self._waiting = _picked(self._waiting)
        return group

    def _accept(self, writes: Sequence[Write] | None) -> bool:
        if writes is None:
            return False
        self._waiting.extend(writes)
        return True

    def _settle(self, group: list[Write], topics: dict[str, Any]) -> list[Outcome]:
        """Every write of the group with its answer or its exception; the topics of what was committed."""
        error: Exception | None = None
        for _ in range(TRIES_MAX):
            try:
                return self._transact(group, topics)
            except Exception as caught:  # noqa: BLE001 whatever it is, each caller hears of it
                error = caught
            if self._database.fault(error) is not Fault.AGAIN:
                break
        assert error is not None
        if len(group) == 1 or self._database.fault(error) is Fault.UNAVAILABLE:
            failed = self._as_answer(error)
            return [(write, failed) for write in group]
        log.info("a group of %d writes is run one by one: %s", len(group), error)
        return [outcome for write in group for outcome in self._settle([write], topics)]

    def _transact(self, group: Sequence[Write], topics: dict[str, Any]) -> list[Outcome]:
        verbs = sorted({write.verb for write in group}, key=lambda verb: verb.rank)
        outcomes: list[Outcome] = []
        with self._database.transaction(lasting=any(verb.lasting for verb in verbs)) as transaction:
            for verb in verbs:
                writes = [write for write in group if write.verb is verb]
                answers = verb.run(transaction, [write.item for write in writes])
                outcomes += zip(writes, answers, strict=True)
            transaction.finish()
        topics.update(transaction.topics)
        return outcomes

    def _as_answer(self, error: Exception) -> Exception:
        match self._database.fault(error):
            case Fault.UNAVAILABLE | Fault.AGAIN:
                log.warning("the database cannot be written: %s", error)
                refusal = Error(
                    Code.UNAVAILABLE, "The database cannot be written now.", retry_after_seconds=5
                )
            case Fault.CONFLICT:
                refusal = Error(Code.CONFLICT, f"The database refuses this: {error}")
            case _:
                return error
        refusal.__cause__ = error
        return refusal


def _picked(waiting: Iterable[Write]) -> tuple[list[Write], deque[Write]]:
    """Those that make a group, and those that have to wait for the next one."""
    group: list[Write] = []
    later: deque[Write] = deque()
    counts: Counter[Verb[Any, Any]] = Counter()
    ranks: dict[str, int] = {}
    for write in waiting:
        rank = write.verb.rank
        full = counts[write.verb] >= GROUP_MAX
        # A write waits behind an earlier one about the same prediction that would run after it in the group.
        behind = write.key is not None and ranks.get(write.key, -1) >= rank
        if full or behind:
            later.append(write)
            rank = 1_000
        else:
            group.append(write)
            counts[write.verb] += 1
        if write.key is not None:
            ranks[write.key] = rank
    return group, later

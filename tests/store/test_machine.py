"""Any order of creates, takes, runs, stops, losses and deletions keeps what a prediction's life promises.

A plain model of a dictionary says what should have happened; both databases are asked whether it did.
"""

import asyncio
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from databases import Direct, direct_to, postgres_database
from foretell.config import Config
from foretell.prediction import LOSSES_MAX, Failure, Hold, Outcome, Phase, Prediction, Status
from foretell.store import Store, open_store
from foretell.store.lanes import COST
from samples import Clock, asking, new_prediction, said

Answer = TypeVar("Answer")
ACCOUNTS = st.sampled_from(["ann", "ben"])
LANES = st.sampled_from(["one:any", "two:any"])
NODES = st.sampled_from(["n1", "n2"])
ENDS = st.sampled_from([Status.SUCCEEDED, Status.FAILED, Status.CANCELED])
WEBHOOKS = st.sampled_from([(), ("started", "completed"), ("started", "processing", "failed", "canceled")])
EVENTS = {Status.SUCCEEDED: "completed", Status.FAILED: "failed", Status.CANCELED: "canceled"}


@dataclass
class Row:
    """What the model knows of one prediction."""

    id: str
    account: str
    lane: str
    priority: int
    turn: int
    asked: tuple[str, ...]
    status: Status = Status.STARTING
    node: str | None = None
    attempt: int = 0
    losses: int = 0
    deleted: bool = False
    owed: set[str] = field(default_factory=set)
    said: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def hold(self) -> Hold:
        assert self.node is not None
        return Hold(self.id, self.node, self.attempt)

    @property
    def waits(self) -> bool:
        return self.status is Status.STARTING and self.node is None

    def owe(self, *events: str) -> None:
        self.owed |= {each for each in events if each in self.asked}

    def end(self, status: Status) -> None:
        self.status, self.node = status, None
        self.owe(EVENTS[status])

    def free(self, *, lost: bool) -> None:
        self.losses += lost
        if lost and self.losses >= LOSSES_MAX:
            self.end(Status.FAILED)
        else:
            self.status, self.node = Status.STARTING, None


class Life(RuleBasedStateMachine):
    """The rules; a subclass says on which database."""

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Row] = {}
        self.last_turns: dict[tuple[str, int, str], int] = {}
        self.clocks: dict[tuple[str, int], int] = {}
        self.holds: list[Hold] = []
        self.closing = ExitStack()
        self.loop = asyncio.Runner()
        config = self.config()
        self.store: Store = self.run(open_store(config, clock=Clock()))
        self.direct: Direct = self.closing.enter_context(direct_to(config))

    def config(self) -> Config:
        raise NotImplementedError

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run(work)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        self.closing.close()

    @property
    def held(self) -> list[Row]:
        return [each for each in self.model.values() if each.node is not None]

    @rule(account=ACCOUNTS, lane=LANES, priority=st.integers(0, 1), asked=WEBHOOKS, count=st.integers(1, 4))
    def create(self, account: str, lane: str, priority: int, asked: tuple[str, ...], count: int) -> None:
        for _ in range(count):
            webhook = asking(*asked) if asked else None
            new = new_prediction(
                account_id=account, lane=lane, version_id=lane, priority=priority, webhook=webhook
            )
            self.run(self.store.create(new))
            place = (lane, priority, account)
            turn = max(self.last_turns.get(place, 0), self.clocks.get(place[:2], 0)) + COST
            self.last_turns[place] = turn
            self.model[new.id] = Row(new.id, account, lane, priority, turn, asked)

    @precondition(lambda self: any(each.waits for each in self.model.values()))
    @rule(lane=LANES, node=NODES, count=st.integers(1, 3), begin=st.booleans())
    def take(self, lane: str, node: str, count: int, begin: bool) -> None:
        waiting = [each for each in self.model.values() if each.lane == lane and each.waits]
        due = sorted(waiting, key=lambda each: (-each.priority, each.turn, each.id))[:count]
        taken = self.run(self.store.take(lane, node=node, count=count))
        assert [each.id for each in taken] == [each.id for each in due]
        for row in due:
            row.node, row.attempt = node, row.attempt + 1
            clock = (lane, row.priority)
            self.clocks[clock] = max(self.clocks.get(clock, 0), row.turn)
            self.holds.append(row.hold)
            if begin:
                self.begin_row(row)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.begin_row(data.draw(st.sampled_from(self.held)))

    def begin_row(self, row: Row) -> None:
        begins = row.status is Status.STARTING
        assert self.run(self.store.begin(row.hold)) is begins
        if begins:
            row.status = Status.PROCESSING
            row.owe("started", "processing")

    @precondition(lambda self: self.held)
    @rule(data=st.data(), progress=st.none() | st.floats(0, 100))
    def note(self, data: st.DataObject, progress: float | None) -> None:
        row = data.draw(st.sampled_from(self.held))
        assert self.run(self.store.note(row.hold, phase=Phase.LOADING, progress=progress))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), count=st.integers(1, 3))
    def append(self, data: st.DataObject, count: int) -> None:
        row = data.draw(st.sampled_from(self.held))
        events = said(row.hold, *"abc"[:count], first=row.said[row.attempt] + 1)
        assert self.run(self.store.append(row.hold, events))
        row.said[row.attempt] += count

    @precondition(lambda self: self.held)
    @rule(data=st.data(), status=ENDS)
    def finish(self, data: st.DataObject, status: Status) -> None:
        row = data.draw(st.sampled_from(self.held))
        ends = row.status is Status.PROCESSING or status is not Status.SUCCEEDED
        failure = Failure("raised", "It broke.") if status is Status.FAILED else None
        found = self.run(self.store.finish(row.hold, Outcome(status=status, result=[1], failure=failure)))
        assert (found is not None) is ends
        if ends:
            row.end(status)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), lost=st.booleans())
    def release(self, data: st.DataObject, lost: bool) -> None:
        row = data.draw(st.sampled_from(self.held))
        assert self.run(self.store.release(row.hold, lost=lost)) is not None
        row.free(lost=lost)

    @precondition(lambda self: self.held)
    @rule(node=NODES)
    def rescue(self, node: str) -> None:
        lost = [each for each in self.held if each.node != node]
        assert self.run(self.store.rescue(but=node)) == len(lost)
        for row in lost:
            row.free(lost=True)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), account=ACCOUNTS)
    def cancel(self, data: st.DataObject, account: str) -> None:
        row = data.draw(st.sampled_from(list(self.model.values())))
        found = self.run(self.store.cancel(row.id, account_id=account))
        assert (found is None) is (row.deleted or row.account != account)
        if found is not None and not row.status.is_terminal:
            row.end(Status.CANCELED)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(list(self.model.values())))
        assert (self.run(self.store.delete(row.id, account_id=None)) is None) is row.deleted
        if not row.status.is_terminal:
            row.end(Status.CANCELED)
        row.deleted = True
        row.said.clear()

    @precondition(lambda self: any(each.status is Status.PROCESSING for each in self.model.values()))
    @rule(data=st.data(), status=ENDS)
    def race(self, data: st.DataObject, status: Status) -> None:
        """A cancel and two ends of one attempt at once: exactly one of them ends it."""
        running = [each for each in self.held if each.status is Status.PROCESSING]
        row = data.draw(st.sampled_from(running))
        hold, outcome = row.hold, Outcome(status=status)

        async def all_at_once() -> tuple[Prediction | None, Prediction | None, Prediction | None]:
            return await asyncio.gather(
                self.store.finish(hold, outcome),
                self.store.cancel(row.id, account_id=None),
                self.store.finish(hold, outcome),
            )

        first, canceled, second = self.run(all_at_once())
        assert canceled is not None
        assert None in (first, second)
        row.end(canceled.status)

    @precondition(lambda self: self.stale)
    @rule(data=st.data(), status=ENDS, lost=st.booleans())
    def write_late(self, data: st.DataObject, status: Status, lost: bool) -> None:
        """Whatever a hold writes that is no longer current changes nothing."""
        hold = data.draw(st.sampled_from(self.stale))
        store = self.store
        assert not self.run(store.begin(hold))
        assert not self.run(store.note(hold, phase=Phase.RUNNING, progress=1.0))
        assert not self.run(store.append(hold, said(hold, "late", first=99)))
        assert self.run(store.finish(hold, Outcome(status=status))) is None
        assert self.run(store.release(hold, lost=lost)) is None

    @property
    def stale(self) -> list[Hold]:
        current = [each.hold for each in self.held]
        return [each for each in self.holds if each not in current]

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        columns = "id, status, node, attempt, losses, deleted_at IS NOT NULL"
        found = {row[0]: row[1:] for row in self.direct(f"SELECT {columns} FROM predictions")}
        assert {key: (*row[:-1], bool(row[-1])) for key, row in found.items()} == {
            each.id: (each.status, each.node, each.attempt, each.losses, each.deleted)
            for each in self.model.values()
        }

    @invariant()
    def lanes_count_who_waits(self) -> None:
        waiting = Counter((each.lane, each.priority) for each in self.model.values() if each.waits)
        found = self.direct("SELECT lane, priority, waiting FROM lanes WHERE waiting > 0")
        assert {(lane, priority): count for lane, priority, count in found} == dict(waiting)

    @invariant()
    def each_event_asked_for_is_owed_once(self) -> None:
        owed = Counter((each.id, event) for each in self.model.values() for event in each.owed)
        assert Counter(self.direct("SELECT prediction_id, event FROM deliveries")) == owed

    @invariant()
    def only_held_attempts_have_spoken(self) -> None:
        found = self.direct("SELECT prediction_id, attempt, MAX(last_sequence) FROM events GROUP BY 1, 2")
        spoken = {
            (each.id, attempt): count for each in self.model.values() for attempt, count in each.said.items()
        }
        assert {(key, attempt): count for key, attempt, count in found} == {
            k: v for k, v in spoken.items() if v
        }


class LifeOnSqlite(Life):
    def config(self) -> Config:
        directory = tempfile.mkdtemp(prefix="foretell-machine-")
        self.closing.callback(shutil.rmtree, directory)
        return Config(data=directory, durability="process")


class LifeOnPostgres(Life):
    def config(self) -> Config:
        return Config(database=self.closing.enter_context(postgres_database()))


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
TestLifeOnSqlite = LifeOnSqlite.TestCase
TestLifeOnSqlite.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=SLOW
)
TestLifeOnPostgres = pytest.mark.needs("postgres")(LifeOnPostgres.TestCase)
TestLifeOnPostgres.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=SLOW
)

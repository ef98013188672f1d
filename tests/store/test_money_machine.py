"""Whatever happens to predictions, in whatever order: the books balance, nothing is charged twice, no hold is lost."""

import shutil
import tempfile
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from databases import postgres_database
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.prediction import LOSSES_MAX, Outcome, Status, Used
from foretell.pricing import Pricing
from foretell.retention import of_all
from foretell.store import Claim
from samples import LANE, new_prediction
from till import BY_PIECE, BY_TIME, CAP, Row, Till, taken

ACCOUNTS = st.sampled_from(["ann", "ben"])
HELD = st.sampled_from([0, 1, 10, 40])
COSTS = st.sampled_from([0, 3, 10, 90])


class Trade(Till):
    """What may happen, and what must be true after each step; a subclass says on which database."""

    @rule(
        account=ACCOUNTS,
        key=st.sampled_from(["capped", "free"]),
        pricing=st.sampled_from([BY_TIME, BY_PIECE, BY_TIME, None]),
        held=HELD,
        pairs=st.sampled_from(
            [(None, ""), (None, ""), ("first", "this"), ("first", "that"), ("second", "this")]
        ),
        runs=st.sampled_from([True, True, False]),
    )
    def create(
        self,
        account: str,
        key: str,
        pricing: Pricing | None,
        held: int,
        pairs: tuple[str | None, str],
        runs: bool,
    ) -> None:
        self.try_to_create(account, key, pricing, held, pairs)
        if runs:
            self.take("n1", 3, begins=True)

    def try_to_create(
        self, account: str, key: str, pricing: Pricing | None, held: int, pairs: tuple[str | None, str]
    ) -> None:
        name, body = pairs
        new = new_prediction(
            account_id=account,
            key_id=key,
            pricing=pricing,
            hold_nanocredits=held if pricing else 0,
            retention=of_all(60),
        )
        claim = None if name is None else Claim(account, "/v1/predictions", name, 0, body)
        known = self.keys.get(f"{account} {name}")
        try:
            created = self.run(self.store.create_within(new, None, claim))
        except Error as error:
            self.was_refused_rightly(error, new.hold_nanocredits, account, key, known, body)
            return
        assert created.is_replay is (known is not None)
        if known is not None:
            assert (created.prediction.id, body) == known
            return
        room = self.room(account, key)
        assert pricing is None or room is None or room >= max(new.hold_nanocredits, 1)
        self.rows[new.id] = Row(new.id, account, key, pricing, new.hold_nanocredits)
        if name is not None:
            self.keys[f"{account} {name}"] = (new.id, body)

    def was_refused_rightly(
        self, error: Error, held: int, account: str, key: str, known: tuple[str, str] | None, body: str
    ) -> None:
        if error.code is Code.KEY_REUSED:
            assert known is not None
            assert known[1] != body
        elif error.code is Code.GONE:
            assert known is not None
            assert self.rows[known[0]].deleted
        else:
            room = self.room(account, key)
            assert error.code is Code.INSUFFICIENT_CREDITS
            assert known is None
            assert room is not None
            assert room < max(held, 1)

    @rule(node=st.sampled_from(["n1", "n2"]), count=st.integers(1, 3), begins=st.booleans())
    def take(self, node: str, count: int, begins: bool) -> None:
        for given in self.run(self.store.take(LANE, node=node, count=count)):
            row = self.rows[given.id]
            row.node, row.attempt = node, given.attempt
            if begins:
                assert self.run(self.store.begin(row.hold))
                row.status = Status.PROCESSING

    @precondition(lambda self: self.rows_in(begun=True))
    @rule(
        data=st.data(),
        status=st.sampled_from([Status.SUCCEEDED, Status.FAILED]),
        cost=COSTS,
        twice=st.booleans(),
    )
    def finish(self, data: st.DataObject, status: Status, cost: int, twice: bool) -> None:
        row = data.draw(st.sampled_from(self.rows_in(begun=True)))
        hold, outcome = row.hold, Outcome(status=status, cost_nanocredits=cost if row.pricing else 0)
        ended = self.run(self.store.finish(hold, outcome))
        assert ended is not None
        row.status, row.node = status, None
        self.settle(row, cost if status is Status.SUCCEEDED else 0)
        if row.pricing is not None:
            assert ended.cost_nanocredits == row.charged
        if twice:
            assert self.run(self.store.finish(hold, outcome)) is None

    @precondition(lambda self: self.rows_in(held=True))
    @rule(data=st.data(), lost=st.booleans())
    def release(self, data: st.DataObject, lost: bool) -> None:
        row = data.draw(st.sampled_from(self.rows_in(held=True)))
        self.run(self.store.release(row.hold, lost=lost))
        self.was_freed(row, lost=lost)

    @rule(but=st.sampled_from(["n1", "n2", "n3"]))
    def rescue(self, but: str) -> None:
        self.run(self.store.rescue(but=but))
        for row in self.rows_in(held=True):
            if row.node != but:
                self.was_freed(row, lost=True)
        for row in self.rows.values():
            if row.status.is_terminal:
                self.settle(row, 0)

    def was_freed(self, row: Row, *, lost: bool) -> None:
        row.losses, row.node, row.status = row.losses + lost, None, Status.STARTING
        if lost and row.losses >= LOSSES_MAX:
            row.status = Status.FAILED
            self.settle(row, 0)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), deletes=st.booleans())
    def cancel(self, data: st.DataObject, deletes: bool) -> None:
        row = data.draw(st.sampled_from(self.rows_in(live=True) or list(self.rows.values())))
        ends = self.store.delete if deletes else self.store.cancel
        self.run(ends(row.id, account_id=None))
        row.deleted = row.deleted or deletes
        if row.status.is_terminal:
            return
        is_open = row.status is Status.PROCESSING and row.pricing is BY_TIME
        row.status, row.node = Status.CANCELED, None
        if not is_open:
            self.settle(row, 0)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), cost=COSTS, is_late=st.booleans())
    def stopped(self, data: st.DataObject, cost: int, is_late: bool) -> None:
        row = data.draw(st.sampled_from(list(self.rows.values())))
        attempt = row.attempt - is_late
        used = Used({"predict_time": 1.0}, cost if row.pricing is BY_TIME else 0)
        self.run(self.store.stopped(row.id, attempt=attempt, stage="killed", seconds=1.0, used=used))
        if row.status is Status.CANCELED and not is_late:
            self.settle(row, used.cost_nanocredits)

    @rule(amount=st.integers(-40, 40).filter(bool))
    def grant(self, amount: int) -> None:
        available = self.run(self.store.balance("ann")).available
        try:
            self.run(self.store.grant("ann", amount))
        except Error as error:
            assert error.code is Code.CONFLICT
            assert amount < 0
            assert available + amount < 0
            return
        self.granted += amount

    @rule(step=st.sampled_from(["nothing", "nothing", "purge", "overdue", "end"]))
    def time_passes(self, step: str) -> None:
        match step:
            case "purge":
                self.purge()
            case "overdue":
                self.overdue()
            case "end":
                self.everything_ends()

    @invariant()
    def balances_are_the_sums_of_transfers(self) -> None:
        books = "SUM(available), SUM(held), SUM(granted), SUM(spent)"
        sums = self.direct(
            f"SELECT account_id, {books} FROM transfers GROUP BY account_id ORDER BY account_id"
        )
        found = self.direct(
            "SELECT account_id, available, held, granted, spent FROM balances ORDER BY account_id"
        )
        empty = {row[0] for row in found} - {row[0] for row in sums}
        assert [row for row in found if row[0] not in empty] == [
            (row[0], *(int(each) for each in row[1:])) for row in sums
        ]

    @invariant()
    def charges_are_what_the_model_says(self) -> None:
        found = dict(self.direct("SELECT prediction_id, charged FROM charges"))
        assert found == {each.id: each.charged for each in self.rows.values() if each.pricing is not None}
        costs = dict(self.direct("SELECT id, cost_nanocredits FROM predictions WHERE cost_nanocredits <> 0"))
        assert costs == {each.id: each.charged for each in self.rows.values() if each.charged}

    @invariant()
    def holds_are_those_of_open_charges(self) -> None:
        held: Counter[str] = Counter()
        for each in self.rows.values():
            held[each.account] += each.held if each.pricing is not None and each.charged is None else 0
        found = dict(self.direct("SELECT account_id, held FROM balances WHERE held <> 0"))
        assert found == {account: amount for account, amount in held.items() if amount}

    @invariant()
    def nobody_spends_more_than_they_may(self) -> None:
        assert self.run(self.store.balance("ann")).available >= 0
        capped = sum(self.run(self.store.spending("capped")).values())
        assert capped == sum(taken(each) for each in self.rows.values() if each.key == "capped")
        assert capped <= CAP


class TradeOnSqlite(Trade):
    def config(self) -> Config:
        directory = tempfile.mkdtemp(prefix="foretell-trade-")
        self.closing.callback(shutil.rmtree, directory, ignore_errors=True)
        return Config(data=directory, durability="process")


class TradeOnPostgres(Trade):
    def config(self) -> Config:
        directory = tempfile.mkdtemp(prefix="foretell-trade-")
        self.closing.callback(shutil.rmtree, directory, ignore_errors=True)
        return Config(data=directory, database=self.closing.enter_context(postgres_database()))


_CAREFUL = {"deadline": None, "suppress_health_check": list(HealthCheck)}

TestOnSqlite = TradeOnSqlite.TestCase
TestOnSqlite.settings = settings(max_examples=80, stateful_step_count=40, **_CAREFUL)

TestOnPostgres = pytest.mark.needs("postgres")(TradeOnPostgres.TestCase)
TestOnPostgres.settings = settings(max_examples=15, stateful_step_count=30, **_CAREFUL)

"""A till for tests: what accounts should have by a plain model, beside the store that is asked what they have."""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from databases import direct_to
from foretell.config import Config
from foretell.ledger import Caps
from foretell.prediction import Hold, Status
from foretell.pricing import Pricing
from foretell.store import Store, open_store
from foretell.store.charges import OVERDUE_SECONDS
from samples import Clock

Answer = TypeVar("Answer")
BY_PIECE = Pricing(amount=Decimal(1), unit="image")
BY_TIME = Pricing(amount=Decimal(1), unit="computing_second")
BUDGET = 100
CAP = 70


@dataclass
class Row:
    """What the model knows of one prediction; `charged` is None while its charge is open."""

    id: str
    account: str
    key: str
    pricing: Pricing | None
    held: int
    status: Status = Status.STARTING
    node: str | None = None
    attempt: int = 0
    losses: int = 0
    charged: int | None = None
    deleted: bool = False

    @property
    def hold(self) -> Hold:
        assert self.node is not None
        return Hold(self.id, self.node, self.attempt)


class Till(RuleBasedStateMachine):
    """`ann` has a budget and a key with a cap, `ben` may spend any amount."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, Row] = {}
        self.keys: dict[str, tuple[str, str]] = {}
        self.granted = BUDGET
        self.clock = Clock()
        self.closing = ExitStack()
        self.loop = asyncio.Runner()
        config = self.config()
        self.store: Store = self.run(open_store(config, clock=self.clock))
        self.direct = self.closing.enter_context(direct_to(config))
        self.run(self.store.grant("ann", BUDGET))
        self.run(self.store.cap("capped", Caps(total_max=CAP)))

    def config(self) -> Config:
        raise NotImplementedError

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run(work)

    def teardown(self) -> None:
        self.everything_ends()
        self.run(self.store.close())
        self.loop.close()
        self.closing.close()

    def room(self, account: str, key: str) -> int | None:
        """How much may still be spent, by the model alone."""
        mine = [each for each in self.rows.values() if each.pricing is not None and each.account == account]
        found = []
        if account == "ann":
            found.append(self.granted - sum(taken(each) for each in mine))
        if key == "capped":
            found.append(CAP - sum(taken(each) for each in self.rows.values() if each.key == "capped"))
        return max(0, min(found)) if found else None

    def settle(self, row: Row, cost: int) -> None:
        if row.pricing is None or row.charged is not None:
            return
        room = self.room(row.account, row.key)
        row.charged = cost if room is None or cost <= row.held else row.held + min(cost - row.held, room)

    def rows_in(self, *, held: bool = False, begun: bool = False, live: bool = False) -> list[Row]:
        return [
            each
            for each in self.rows.values()
            if (not held or each.node is not None)
            and (not begun or each.status is Status.PROCESSING)
            and (not live or not each.status.is_terminal)
        ]

    def purge(self) -> None:
        self.clock.pass_seconds(61)
        while self.run(self.store.purge(50)):
            continue

    def overdue(self) -> None:
        self.clock.pass_seconds(OVERDUE_SECONDS + 1)
        while self.run(self.store.settle_overdue()):
            continue
        for row in self.rows.values():
            if row.status.is_terminal:
                self.settle(row, 0)

    def everything_ends(self) -> None:
        for row in self.rows_in(live=True):
            self.run(self.store.cancel(row.id, account_id=None))
            row.status, row.node = Status.CANCELED, None
        self.overdue()
        assert self.direct("SELECT COALESCE(SUM(held), 0) FROM balances")[0][0] == 0
        assert self.direct("SELECT COUNT(*) FROM charges WHERE settled_at IS NULL")[0][0] == 0


def taken(row: Row) -> int:
    """What a prediction holds, or was charged."""
    if row.pricing is None:
        return 0
    return row.held if row.charged is None else row.charged

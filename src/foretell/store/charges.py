"""Charges: what a priced prediction holds when it is created, and what it costs when it has ended.

A prediction without a price has no charge, and nothing here is written or read for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from foretell.errors import Code, Error
from foretell.ledger import Kind, Transfer, credits_of, month_of
from foretell.prediction import NewPrediction
from foretell.store import ledger
from foretell.store.database import Transaction, marks

OVERDUE_SECONDS = 600
"""How long after its cancel a run may still say what it used."""
OVERDUE_MAX = 256
"""How many charges are closed at once when nobody says what was used."""


@dataclass(frozen=True, slots=True)
class _Charge:
    prediction_id: str
    account_id: str
    key_id: str | None
    held: int
    cost: int
    created_at: int


class Purse:
    """What the accounts and keys of a group of creates can still spend. Asks nothing where nothing has a price."""

    def __init__(self, transaction: Transaction, owners: Iterable[tuple[str, str | None]]) -> None:
        self._transaction = transaction
        self._limited = _limited(transaction, set(owners))
        ledger.lock(transaction, sorted({account_id for account_id, _ in self._limited}))

    def room(self, account_id: str, key_id: str | None, month: str) -> int | None:
        """How much may still be spent; None: any amount. Never less than nothing."""
        if (account_id, key_id) not in self._limited:
            return None
        found = [room for owner in (account_id, key_id) if owner for room in self._room_of_caps(owner, month)]
        balance = ledger.balance(self._transaction, account_id)
        if balance.is_budgeted:
            found.append(balance.available)
        return max(0, min(found)) if found else None

    def hold(self, new: NewPrediction) -> Error | None:
        """Holds what a new prediction may cost; Error(INSUFFICIENT_CREDITS), and nothing is held."""
        if new.pricing is None:
            return None
        month = month_of(self._transaction.at)
        room = self.room(new.account_id, new.key_id, month)
        # What cannot be estimated costs something all the same.
        if room is not None and room < max(new.hold_nanocredits, 1):
            return _insufficient(new.hold_nanocredits, room)
        _open(self._transaction, new, month)
        return None

    def _room_of_caps(self, owner_id: str, month: str) -> list[int]:
        caps = ledger.caps_of(self._transaction.connection, owner_id)
        if caps.total_max is None and caps.month_max is None:
            return []
        spent = ledger.spent(self._transaction, owner_id)
        limits = ((caps.total_max, spent.total()), (caps.month_max, spent[month]))
        return [limit - used for limit, used in limits if limit is not None]


def purse_for(transaction: Transaction, news: Sequence[NewPrediction]) -> Purse:
    """What can be spent on `news`."""
    return Purse(transaction, ((each.account_id, each.key_id) for each in news if each.pricing is not None))


def settle(transaction: Transaction, costs: Mapping[str, int]) -> dict[str, int]:
    """Charges predictions, by id, what they cost, and lets go of what they held beyond that.

    Gives what each was charged: less than it costs where the account can spend no more. Those that have no charge,
    or whose charge is settled, are left out.
    """
    found = _settled(transaction, costs)
    beyond = [each for each in found if each.cost > each.held]
    _post(transaction, [each for each in found if each.cost <= each.held])
    purse = Purse(transaction, ((each.account_id, each.key_id) for each in beyond))
    charged = {each.prediction_id: each.cost for each in found}
    for each in beyond:
        charged[each.prediction_id] = _beyond(transaction, purse, each)
    return charged


def settle_overdue(transaction: Transaction, *, overdue_seconds: int = OVERDUE_SECONDS) -> int:
    """Closes the charges of predictions that ended so long ago and of which nobody said what they used.

    They are free. Gives how many there were, OVERDUE_MAX at most.
    """
    ended_by = transaction.at - overdue_seconds * 1_000_000
    found = transaction.execute(
        """SELECT charges.prediction_id FROM charges LEFT JOIN predictions ON predictions.id = charges.prediction_id
           WHERE charges.settled_at IS NULL AND (predictions.id IS NULL OR predictions.completed_at <= ?)
           ORDER BY charges.prediction_id LIMIT ?""",
        (ended_by, OVERDUE_MAX),
    )
    settle(transaction, {row[0]: 0 for row in found})
    return len(found)


def _limited(transaction: Transaction, owners: set[tuple[str, str | None]]) -> set[tuple[str, str | None]]:
    """Those of `owners` who may not spend any amount."""
    if not owners:
        return set()
    names = sorted({name for owner in owners for name in owner if name})
    these = marks(len(names))
    sql = f"""SELECT owner_id FROM caps WHERE owner_id IN ({these}) UNION ALL
              SELECT account_id FROM balances WHERE account_id IN ({these}) AND is_budgeted = 1"""
    limited = {row[0] for row in transaction.execute(sql, names * 2)}
    return {owner for owner in owners if not limited.isdisjoint(owner)}


def _open(transaction: Transaction, new: NewPrediction, month: str) -> None:
    held = new.hold_nanocredits
    row = (new.id, new.account_id, new.key_id, held, transaction.at)
    transaction.insert("charges", "prediction_id, account_id, key_id, held, created_at", [row])
    transfer = Transfer(
        account_id=new.account_id, kind=Kind.HOLD, prediction_id=new.id, available=-held, held=held
    )
    ledger.post(transaction, [transfer])
    for owner in (new.account_id, new.key_id):
        if owner:
            ledger.spend(transaction, owner, month, held)


def _settled(transaction: Transaction, costs: Mapping[str, int]) -> list[_Charge]:
    if not costs:
        return []
    given = transaction.table("v", {"id": "TEXT", "cost": "BIGINT"}, sorted(costs.items()))
    found = transaction.execute(
        f"""WITH {given.sql} UPDATE charges SET charged = v.cost, settled_at = ? FROM v
            WHERE charges.prediction_id = v.id AND charges.settled_at IS NULL
            RETURNING charges.prediction_id, charges.account_id, charges.key_id, charges.held, charges.charged,
            charges.created_at""",
        [*given.values, transaction.at],
    )
    return [_Charge(*row) for row in sorted(found)]


def _beyond(transaction: Transaction, purse: Purse, charge: _Charge) -> int:
    """Settles a charge that costs more than it holds; gives what can be charged."""
    room = purse.room(charge.account_id, charge.key_id, month_of(charge.created_at))
    extra = charge.cost - charge.held
    cost = charge.cost if room is None else charge.held + min(extra, room)
    if cost != charge.cost:
        sql = "UPDATE charges SET charged = ? WHERE prediction_id = ?"
        transaction.write(sql, (cost, charge.prediction_id))
    held = _Charge(
        charge.prediction_id, charge.account_id, charge.key_id, charge.held, cost, charge.created_at
    )
    _post(transaction, [held])
    return cost


def _post(transaction: Transaction, charges: Sequence[_Charge]) -> None:
    transfers = [
        Transfer(
            account_id=each.account_id,
            kind=Kind.SETTLE,
            prediction_id=each.prediction_id,
            available=each.held - each.cost,
            held=-each.held,
            spent=each.cost,
        )
        for each in charges
    ]
    ledger.post(transaction, transfers)
    for each in charges:
        for owner in (each.account_id, each.key_id):
            if owner:
                ledger.spend(transaction, owner, month_of(each.created_at), each.cost - each.held)


def _insufficient(needed: int, room: int) -> Error:
    message = f"This may cost {credits_of(needed)} credits, and {credits_of(room)} can be spent."
    return Error(Code.INSUFFICIENT_CREDITS, message)

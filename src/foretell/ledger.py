"""The ledger: what accounts were granted, hold, spend and may spend, in whole 10⁻⁹ credit."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from foretell.errors import Code, Error
from foretell.pricing import NANOCREDITS, NANOCREDITS_MAX

AMOUNT_MAX = Decimal(1_000_000_000)
"""Credits in one grant, or one cap: a database holds some nine times as many."""


class Kind(StrEnum):
    """Why credits go from one book to another.

    An `opening` writes off what was spent before an account had a budget.
    """

    GRANT = "grant"
    OPENING = "opening"
    HOLD = "hold"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Credits that go between the four books of one account: what they gain sums to zero.

    `granted` falls when credits come from outside. `prediction_id` is there for holds and settlements.
    """

    account_id: str
    kind: Kind
    available: int = 0
    held: int = 0
    granted: int = 0
    spent: int = 0
    prediction_id: str | None = None
    note: str | None = None
    id: str = ""
    created_at: int = 0

    @property
    def moves_anything(self) -> bool:
        return bool(self.available or self.held or self.granted or self.spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The sums of an account's transfers. Only what is `available` can be spent, if the account is budgeted."""

    available: int = 0
    held: int = 0
    granted: int = 0
    spent: int = 0
    is_budgeted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much an account or a key may spend, ever and in one month (UTC); None: any amount."""

    total_max: int | None = None
    month_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was created and charged, of one day, model, key and account, where they are told apart.

    `durations`: microseconds in which half, 95 and 99 of 100 of those that succeeded were done; None: not asked for,
    or none succeeded.
    """

    day: str | None = None
    model: str | None = None
    key_id: str | None = None
    account_id: str | None = None
    predictions: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    charged: int = 0
    durations: tuple[int, int, int] | None = None


def month_of(at: int) -> str:
    """The month of an instant in UTC, such as 2026-01."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m")


def nanocredits_of(credits: Decimal, name: str = "amount") -> int:
    """Credits in whole 10⁻⁹. Raises Error(INVALID_PARAMETER) for what cannot be written so."""
    if not credits.is_finite() or abs(credits) > AMOUNT_MAX:
        raise _wrong(name, f"must be a number of credits of at most {AMOUNT_MAX:,}")
    scaled = credits * NANOCREDITS
    if scaled != scaled.to_integral_value():
        raise _wrong(name, "must have nine decimals at most")
    assert abs(scaled) <= NANOCREDITS_MAX
    return int(scaled)


def credits_of(nanocredits: int) -> Decimal:
    """The same in credits, without zeros at the end."""
    found = (Decimal(nanocredits) / NANOCREDITS).normalize()
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found


def _wrong(name: str, what: str) -> Error:
    return Error(Code.INVALID_PARAMETER, f"'{name}' {what}.", details=(f"{name}: {what}",))

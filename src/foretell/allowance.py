"""Allowances: how much an account, or one of its keys, may ask for, and what is left of that."""

from dataclasses import dataclass, field
from enum import StrEnum

from foretell.errors import Code, Error

WINDOW_SECONDS = 60
"""Requests are counted over this long, ending now."""
BUSY_SECONDS = 2
"""When to ask again after too many predictions were live at once: nobody knows when one of them ends."""


class Whose(StrEnum):
    """An account has an allowance of its own, and so may each of its keys."""

    ACCOUNT = "account"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Predictions created within a minute, and those live at once on one model; None: any number."""

    requests_per_minute: int | None = None
    concurrency_max: int | None = None

    @property
    def is_unlimited(self) -> bool:
        return self.requests_per_minute is None and self.concurrency_max is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What holds for one create: its account's allowance and its key's, of which the narrower counts.

    `model` is the model's own name, whatever it was asked for by.
    """

    model: str
    account: Allowance = field(default_factory=Allowance)
    key: Allowance = field(default_factory=Allowance)

    @property
    def are_open(self) -> bool:
        return self.account.is_unlimited and self.key.is_unlimited


@dataclass(frozen=True, slots=True)
class Share:
    """One limit, and what is left of it after the create that asks."""

    limit: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is left after a create, of the narrower of each limit; None where there is none.

    `resets_at` is when the oldest request that counts no longer does.
    """

    requests: Share | None = None
    concurrent: Share | None = None
    resets_at: int | None = None


class AllowanceSpentError(Error):
    """A create beyond what its account or key may ask for: nothing was written, and it does not count."""

    def __init__(self, message: str, standing: Standing, *, retry_after_seconds: int) -> None:
        super().__init__(Code.RATE_LIMITED, message, retry_after_seconds=retry_after_seconds)
        self.standing = standing

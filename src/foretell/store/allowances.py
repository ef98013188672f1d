"""Which creates of a group their accounts and keys may make: counted in the transaction that writes them.

What counts are the rows themselves, so that nothing is forgotten by a restart or unknown to another process. The
account's row is locked first: whoever creates for the same account elsewhere waits until these rows can be counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from foretell.allowance import (
    BUSY_SECONDS,
    WINDOW_SECONDS,
    Allowance,
    AllowanceSpentError,
    Bounds,
    Share,
    Standing,
    Whose,
)
from foretell.prediction import NewPrediction
from foretell.store.database import Transaction, Value, marks

WINDOW = WINDOW_SECONDS * 1_000_000
# Two halves, because the index over what is there leaves tombstones out, and they count for their minute, too.
_RECENT = """SELECT created_at FROM predictions
             WHERE deleted_at IS NULL AND account_id = ? AND created_at > ? AND created_at <= ?{mine}
             UNION ALL SELECT created_at FROM predictions
             WHERE deleted_at IS NOT NULL AND account_id = ? AND created_at > ? AND created_at <= ?{mine}"""
_LIVE = """SELECT versions.model, COUNT(*) FROM predictions JOIN versions ON versions.id = predictions.version_id
           WHERE predictions.account_id = ? AND predictions.completed_at IS NULL{mine} GROUP BY versions.model"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rows count: an account's, or those that one of its keys made."""

    account_id: str
    key_id: str | None = None

    @property
    def whose(self) -> Whose:
        return Whose.ACCOUNT if self.key_id is None else Whose.KEY


def admit(
    transaction: Transaction, asked: Sequence[tuple[NewPrediction, Bounds | None]]
) -> list[Standing | AllowanceSpentError]:
    """What is left after each create, or why it may not be; in a group, each sees those before it.

    Asks the database nothing when none of them is bounded.
    """
    bounded = sorted({new.account_id for new, bounds in asked if _is_bounded(bounds)})
    if not bounded:
        return [Standing()] * len(asked)
    transaction.write(
        f"SELECT id FROM accounts WHERE id IN ({marks(len(bounded))}) ORDER BY id $for_update", bounded
    )
    ledger = _Ledger(transaction)
    return [_verdict(ledger, new, bounds) for new, bounds in asked]


def _is_bounded(bounds: Bounds | None) -> bool:
    return bounds is not None and not bounds.are_open


def _verdict(ledger: _Ledger, new: NewPrediction, bounds: Bounds | None) -> Standing | AllowanceSpentError:
    limits = [] if bounds is None else list(_limits(new, bounds))
    model = "" if bounds is None else bounds.model
    for owner, allowance in limits:
        limit = allowance.requests_per_minute
        if limit is not None and ledger.recent(owner).count >= limit:
            standing = _standing(ledger, limits, model)
            return _too_many(owner, limit, standing, ledger.wait_seconds(owner, limit))
    for owner, allowance in limits:
        limit = allowance.concurrency_max
        if limit is not None and ledger.live(owner)[model] >= limit:
            return _too_busy(owner, limit, model, _standing(ledger, limits, model))
    ledger.enter(new, model)
    return _standing(ledger, limits, model)


def _limits(new: NewPrediction, bounds: Bounds) -> Iterator[tuple[Owner, Allowance]]:
    yield Owner(new.account_id), bounds.account
    if new.key_id is not None:
        yield Owner(new.account_id, new.key_id), bounds.key


def _standing(ledger: _Ledger, limits: Sequence[tuple[Owner, Allowance]], model: str) -> Standing:
    requests, concurrent = [], []
    for owner, allowance in limits:
        if (limit := allowance.requests_per_minute) is not None:
            recent = ledger.recent(owner)
            requests.append((_share(limit, recent.count), recent.oldest_at + WINDOW))
        if (limit := allowance.concurrency_max) is not None:
            concurrent.append(_share(limit, ledger.live(owner)[model]))
    narrowest = min(requests, key=lambda each: _narrowness(each[0]), default=None)
    return Standing(
        requests=narrowest and narrowest[0],
        resets_at=narrowest and narrowest[1],
        concurrent=min(concurrent, key=_narrowness, default=None),
    )


def _share(limit: int, used: int) -> Share:
    return Share(limit, max(0, limit - used))


def _narrowness(share: Share) -> tuple[int, int]:
    return share.left, share.limit


def _too_many(owner: Owner, limit: int, standing: Standing, wait_seconds: int) -> AllowanceSpentError:
    message = f"This {owner.whose} may create {_several(limit)} within {WINDOW_SECONDS} seconds, and has."
    return AllowanceSpentError(message, standing, retry_after_seconds=wait_seconds)


def _too_busy(owner: Owner, limit: int, model: str, standing: Standing) -> AllowanceSpentError:
    message = f"This {owner.whose} may have {_several(limit)} of '{model}' under way at once, and has."
    return AllowanceSpentError(message, standing, retry_after_seconds=BUSY_SECONDS)


def _several(count: int) -> str:
    return "1 prediction" if count == 1 else f"{count} predictions"


@dataclass(slots=True)
class _Recent:
    """The requests within the window; `oldest_at` is the transaction's instant when there is none."""

    count: int
    oldest_at: int
    entered: int = 0


@dataclass(slots=True)
class _Ledger:
    """What is counted for a group: rows as they were before, and what the group adds. Read when first needed."""

    transaction: Transaction
    _recent: dict[Owner, _Recent] = field(default_factory=dict)
    _live: dict[Owner, Counter[str]] = field(default_factory=dict)
    _entered: list[tuple[NewPrediction, str]] = field(default_factory=list)

    def recent(self, owner: Owner) -> _Recent:
        if owner not in self._recent:
            at = self.transaction.at
            sql, values = self._about(owner)
            count, oldest_at = self.transaction.execute(
                f"SELECT COUNT(*), MIN(created_at) FROM ({sql}) AS recent", values
            )[0]
            entered = sum(_is_of(owner, new) for new, _ in self._entered)
            self._recent[owner] = _Recent(
                int(count) + entered, at if oldest_at is None else oldest_at, entered
            )
        return self._recent[owner]

    def live(self, owner: Owner) -> Counter[str]:
        """How many predictions are live, by model."""
        if owner not in self._live:
            mine, values = _of_key(owner, "predictions.")
            found = self.transaction.execute(_LIVE.format(mine=mine), [owner.account_id, *values])
            self._live[owner] = Counter({model: int(count) for model, count in found})
            self._live[owner].update(model for new, model in self._entered if _is_of(owner, new))
        return self._live[owner]

    def enter(self, new: NewPrediction, model: str) -> None:
        """Counts a create that may be."""
        self._entered.append((new, model))
        for owner, recent in self._recent.items():
            if _is_of(owner, new):
                recent.count += 1
                recent.entered += 1
        for owner, live in self._live.items():
            live[model] += _is_of(owner, new)

    def wait_seconds(self, owner: Owner, limit: int) -> int:
        """When one more may be created, if nobody else comes: as many as are too many have left by then."""
        place = limit - self.recent(owner).entered
        if place <= 0:
            return WINDOW_SECONDS
        sql, values = self._about(owner)
        newest_first = f"SELECT created_at FROM ({sql}) AS recent ORDER BY created_at DESC LIMIT 1 OFFSET ?"
        leaves_at = int(self.transaction.execute(newest_first, [*values, place - 1])[0][0]) + WINDOW
        return max(1, math.ceil((leaves_at - self.transaction.at) / 1_000_000))

    def _about(self, owner: Owner) -> tuple[str, list[Value]]:
        mine, values = _of_key(owner, "")
        # What lies further ahead was created before the clock was set back, nobody knows when.
        at = self.transaction.at
        half = [owner.account_id, at - WINDOW, at + WINDOW, *values]
        return _RECENT.format(mine=mine), half + half


def _of_key(owner: Owner, table: str) -> tuple[str, list[Value]]:
    return ("", []) if owner.key_id is None else (f" AND {table}key_id = ?", [owner.key_id])


def _is_of(owner: Owner, new: NewPrediction) -> bool:
    return owner.account_id == new.account_id and owner.key_id in (None, new.key_id)

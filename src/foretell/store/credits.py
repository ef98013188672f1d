"""The facade's till: credits, caps, usage, and the keys under which requests may be repeated."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.ledger import Balance, Caps, Transfer, Usage
from foretell.prediction import Prediction
from foretell.store import charges, idempotency, ledger
from foretell.store.idempotency import Claim
from foretell.store.records import Records
from foretell.store.usage import Question, usage


class Credits(Records):
    """Everything about money, and about asking twice."""

    async def grant(self, account_id: str, amount: int, *, note: str | None = None) -> Balance:
        """Adds 10⁻⁹ credits, or takes a negative amount: from then on the account has a budget.

        Raises Error(CONFLICT) when more would be taken than is available.
        """
        await self._do(ledger.grant, account_id, amount, note)
        return await self.balance(account_id)

    async def budget(self, account_id: str, *, is_budgeted: bool) -> None:
        """Lets the account spend only what is available, or any amount."""
        await self._do(ledger.budget, account_id, is_budgeted=is_budgeted)

    async def balance(self, account_id: str) -> Balance:
        return await self._ask(ledger.balance_of, account_id)

    async def transfers(self, account_id: str, *, limit: int) -> list[Transfer]:
        """An account's newest transfers, the newest first."""
        return await self._ask(ledger.transfers_of, account_id, limit)

    async def cap(self, owner_id: str, caps: Caps) -> None:
        """From now on this account or key may spend so much."""
        await self._do(ledger.cap, owner_id, caps)

    async def caps(self, owner_id: str) -> Caps:
        return await self._ask(ledger.caps_of, owner_id)

    async def spending(self, owner_id: str) -> dict[str, int]:
        """What the predictions of an account or a key hold or were charged, by the month they were created in."""
        return await self._ask(ledger.spending_of, owner_id)

    async def usage(self, question: Question) -> list[tuple[int | None, Usage]]:
        """What was created and charged, each with its day (since 1970) where days are told apart."""
        return await self._ask(usage, question)

    async def settle_overdue(self) -> int:
        """Closes charges that nobody has closed long after their predictions ended; gives how many."""
        return await self._do(charges.settle_overdue)

    async def replayed(self, claim: Claim) -> Prediction | None:
        """The prediction that an idempotency key stands for; None where it stands for none.

        Raises Error(KEY_REUSED) for another body, Error(GONE) when it was deleted.
        """
        return await self._ask(idempotency.replayed, claim)

    async def unbind(self, prediction_ids: Sequence[str], claims: Sequence[Claim]) -> None:
        """Frees idempotency keys of predictions that were taken back."""
        await self._do(idempotency.unbind, prediction_ids, claims)

    async def forget_idempotency_keys(self) -> int:
        """Forgets keys that are a day old; gives how many."""
        return await self._do(idempotency.forget)

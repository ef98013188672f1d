"""Idempotency keys: which prediction a create under a key has made, so that asking again makes no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foretell.errors import Code, Error
from foretell.prediction import Prediction
from foretell.store.database import Connection, Transaction, marks
from foretell.store.rows import read

KEPT_SECONDS = 86_400
"""How long a key stands for its prediction, at least."""
FORGOTTEN_MAX = 1_000
"""How many keys are forgotten in one transaction."""

_COLUMNS = {
    "account_id": "TEXT",
    "route": "TEXT",
    "name": "TEXT",
    "position": "BIGINT",
    "fingerprint": "TEXT",
    "prediction_id": "TEXT",
    "created_at": "BIGINT",
}
_NAMES = ", ".join(_COLUMNS)


@dataclass(frozen=True, slots=True)
class Claim:
    """A create's wish to be the only one of its account and route under `name`, an idempotency key.

    `position` is its place among the predictions that one request makes; `fingerprint` that of the body.
    """

    account_id: str
    route: str
    name: str
    position: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Bound:
    """The prediction that a key stands for, and the fingerprint of the body it was made from."""

    prediction_id: str
    fingerprint: str

    def check(self, claim: Claim) -> None:
        """Raises Error(KEY_REUSED) when the claim is about another body."""
        if self.fingerprint != claim.fingerprint:
            message = "This Idempotency-Key was used with a different body. Send a new key with a new body."
            raise Error(Code.KEY_REUSED, message)


def bind(transaction: Transaction, claims: Sequence[tuple[Claim, str]]) -> dict[str, Bound]:
    """Binds keys to the predictions that are about to be written.

    Where a key is bound already, gives by the id of the new prediction what it stands for. Waits for another
    process that is binding the same key.
    """
    if not claims:
        return {}
    rows = sorted(
        (each.account_id, each.route, each.name, each.position, each.fingerprint, new_id, transaction.at)
        for each, new_id in claims
    )
    given = transaction.table("v", _COLUMNS, rows)
    won = transaction.execute(
        f"""WITH {given.sql} INSERT INTO idempotency_keys ({_NAMES}) SELECT {_NAMES} FROM v WHERE 1 = 1
            ORDER BY account_id, route, name, position, prediction_id
            ON CONFLICT (account_id, route, name, position) DO NOTHING RETURNING prediction_id""",
        given.values,
    )
    winners = {row[0] for row in won}
    lost = ((each, new_id) for each, new_id in claims if new_id not in winners)
    return {new_id: _bound(transaction.connection, each) for each, new_id in lost}


def unbind(transaction: Transaction, prediction_ids: Iterable[str], claims: Iterable[Claim]) -> None:
    """Frees the keys of creates that were refused, or taken back."""
    ids = sorted(prediction_ids)
    if not ids:
        return
    for each in claims:
        transaction.write(
            f"""DELETE FROM idempotency_keys WHERE account_id = ? AND route = ? AND name = ? AND position = ?
                AND prediction_id IN ({marks(len(ids))})""",
            (each.account_id, each.route, each.name, each.position, *ids),
        )


def replayed(connection: Connection, claim: Claim) -> Prediction | None:
    """The prediction that a key stands for, with its body; None where it stands for none.

    Raises Error(KEY_REUSED) for another body, Error(GONE) when the prediction was deleted.
    """
    found = _find(connection, claim)
    if found is None:
        return None
    found.check(claim)
    return prediction_of(connection, found)


def prediction_of(connection: Connection, bound: Bound) -> Prediction:
    """The prediction that a key stands for. Raises Error(GONE) when it was deleted."""
    prediction = read(connection, [bound.prediction_id]).get(bound.prediction_id)
    if prediction is None:
        message = (
            f"This Idempotency-Key stands for the prediction '{bound.prediction_id}', which was deleted. "
            "Send a new key to create another."
        )
        raise Error(Code.GONE, message)
    return prediction


def forget(transaction: Transaction) -> int:
    """Forgets keys that were bound too long ago, the oldest first; gives how many, FORGOTTEN_MAX at most."""
    before = transaction.at - KEPT_SECONDS * 1_000_000
    found = transaction.execute(
        f"SELECT {_NAMES} FROM idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT ?",
        (before, FORGOTTEN_MAX),
    )
    for row in found:
        unbind(transaction, [row[5]], [Claim(*row[:5])])
    return len(found)


def _bound(connection: Connection, claim: Claim) -> Bound:
    found = _find(connection, claim)
    if found is None:
        message = "The same request was refused just now, under the same Idempotency-Key. Ask again."
        raise Error(Code.OVERLOADED, message, retry_after_seconds=1)
    return found


def _find(connection: Connection, claim: Claim) -> Bound | None:
    found = connection.execute(
        """SELECT prediction_id, fingerprint FROM idempotency_keys
           WHERE account_id = ? AND route = ? AND name = ? AND position = ?""",
        (claim.account_id, claim.route, claim.name, claim.position),
    )
    return Bound(*found[0]) if found else None

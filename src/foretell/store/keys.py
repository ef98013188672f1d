"""What becomes of a key after it was made: what it may do, and its secret."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.account import Key
from foretell.errors import Code, Error
from foretell.retention import Retention
from foretell.store.accounts import KEY, key_of, models_text, scopes_text
from foretell.store.database import Transaction
from foretell.store.rows import encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A key's next secret: its digest, its end, and for how long the one before it still opens.

    `sealed` is the secret where it is to sign at once, because the one before it opens no more.
    """

    sha256: str
    last4: str
    sealed: bytes
    overlap_seconds: float


def change(transaction: Transaction, key: Key) -> Key:
    """Lets a key do what `key` may, under its name, until its end. Raises Error(CONFLICT) when it is revoked."""
    sql = f"""UPDATE keys SET name = ?, scopes = ?, models = ?, expires_at = ?, requests_per_minute = ?,
              concurrency_max = ? WHERE id = ? AND revoked_at IS NULL RETURNING {KEY}"""
    allowed = (key.allowance.requests_per_minute, key.allowance.concurrency_max)
    may = (key.name, scopes_text(key.scopes), models_text(key.models), key.expires_at)
    return _living(_changed(transaction, sql, (*may, *allowed, key.id)))


def rotate(transaction: Transaction, key_id: str, new: NewSecret) -> Key:
    """Gives a key another secret. Raises Error(CONFLICT) when it is revoked.

    With an overlap what it signs with stays, until the new secret is used by somebody who then knows it.
    """
    is_at_once = new.overlap_seconds <= 0
    until_at = None if is_at_once else transaction.at + round(new.overlap_seconds * 1_000_000)
    former = "NULL, sealed = CASE WHEN COALESCE(sealed, former_sealed) IS NULL THEN NULL ELSE ? END"
    kept = "COALESCE(sealed, former_sealed), sealed = NULL"
    sql = f"""UPDATE keys SET former_sha256 = {"NULL" if is_at_once else "sha256"}, former_until_at = ?,
              sha256 = ?, last4 = ?, former_sealed = {former if is_at_once else kept}
              WHERE id = ? AND revoked_at IS NULL RETURNING {KEY}"""
    seal = (new.sealed,) if is_at_once else ()
    return _living(_changed(transaction, sql, (until_at, new.sha256, new.last4, *seal, key_id)))


def keep(transaction: Transaction, key_id: str, retention: Retention) -> Key | None:
    """From now on what is created with the key is kept so long; None: there is no such key."""
    text = None if retention.is_endless else encoded(retention)
    return _changed(
        transaction, f"UPDATE keys SET retention = ? WHERE id = ? RETURNING {KEY}", (text, key_id)
    )


def _living(found: Key | None) -> Key:
    if found is None:
        raise Error(Code.CONFLICT, "The key is revoked, for good.")
    return found


def _changed(transaction: Transaction, sql: str, values: tuple[object, ...]) -> Key | None:
    found = transaction.execute(sql, values)
    transaction.tell("keys")
    return key_of(found[0]) if found else None

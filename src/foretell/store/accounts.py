"""Accounts, their keys and their secrets. Secrets arrive sealed: nothing here can read them."""

from __future__ import annotations

import json

import msgspec

from foretell.account import Account, Key, Role, Scope
from foretell.allowance import Allowance
from foretell.retention import Retention
from foretell.store.database import Connection, Row, Transaction
from foretell.store.rows import encoded

TOUCH_SECONDS = 60
"""How precisely it is known when a key was last used."""

_retention = msgspec.json.Decoder(Retention)
_ALLOWANCE = "requests_per_minute, concurrency_max"
_ACCOUNT = f"id, name, role, created_at, suspended_at, {_ALLOWANCE}"
KEY = (
    "id, account_id, name, sha256, last4, created_at, last_used_at, expires_at, revoked_at, scopes, models, "
    f"former_sha256, former_until_at, retention, {_ALLOWANCE}"
)


def create(transaction: Transaction, account_id: str, name: str, role: Role, allowance: Allowance) -> Account:
    account = Account(id=account_id, name=name, role=role, created_at=transaction.at, allowance=allowance)
    row = (account.id, account.name, account.role, account.created_at, *_numbers(allowance))
    transaction.insert("accounts", f"id, name, role, created_at, {_ALLOWANCE}", [row])
    return account


def of_name(connection: Connection, name_or_id: str) -> Account | None:
    by_id_first = "CASE WHEN id = ? THEN 0 ELSE 1 END"
    sql = f"SELECT {_ACCOUNT} FROM accounts WHERE id = ? OR name = ? ORDER BY {by_id_first} LIMIT 1"
    found = connection.execute(sql, (name_or_id,) * 3)
    return _account(found[0]) if found else None


def all_accounts(connection: Connection) -> list[Account]:
    return [
        _account(row)
        for row in connection.execute(f"SELECT {_ACCOUNT} FROM accounts ORDER BY created_at, id")
    ]


def create_key(transaction: Transaction, key: Key) -> None:
    row = (
        key.id,
        key.account_id,
        key.name,
        key.sha256,
        key.last4,
        key.created_at,
        key.last_used_at,
        key.expires_at,
        key.revoked_at,
        scopes_text(key.scopes),
        models_text(key.models),
        key.former_sha256,
        key.former_until_at,
        None if key.retention.is_endless else encoded(key.retention),
        *_numbers(key.allowance),
    )
    transaction.insert("keys", KEY, [row])
    transaction.tell("keys")


def allow_account(transaction: Transaction, account_id: str, allowance: Allowance) -> None:
    """From now on the account may ask for so much."""
    sql = "UPDATE accounts SET requests_per_minute = ?, concurrency_max = ? WHERE id = ?"
    transaction.write(sql, (*_numbers(allowance), account_id))
    transaction.tell("keys")


def allow_key(transaction: Transaction, key_id: str, allowance: Allowance) -> None:
    """From now on the key may ask for so much."""
    sql = "UPDATE keys SET requests_per_minute = ?, concurrency_max = ? WHERE id = ?"
    transaction.write(sql, (*_numbers(allowance), key_id))
    transaction.tell("keys")


def suspend(transaction: Transaction, account_id: str, *, is_suspended: bool) -> None:
    """Lets the account's keys open nothing, or what they opened before."""
    suspended_at = "COALESCE(suspended_at, ?)" if is_suspended else "NULL"
    values = [transaction.at, account_id] if is_suspended else [account_id]
    transaction.write(f"UPDATE accounts SET suspended_at = {suspended_at} WHERE id = ?", values)
    transaction.tell("keys")


def key_of_id(connection: Connection, key_id: str) -> Key | None:
    found = connection.execute(f"SELECT {KEY} FROM keys WHERE id = ?", (key_id,))
    return key_of(found[0]) if found else None


def key_of_digest(connection: Connection, sha256: str) -> Key | None:
    found = connection.execute(f"SELECT {KEY} FROM keys WHERE sha256 = ?", (sha256,))
    return key_of(found[0]) if found else None


def keys_of(connection: Connection, account_id: str | None) -> list[Key]:
    """An account's keys, or everybody's, revoked ones too, oldest first."""
    where, values = ("", ()) if account_id is None else ("WHERE account_id = ?", (account_id,))
    return [
        key_of(row)
        for row in connection.execute(f"SELECT {KEY} FROM keys {where} ORDER BY created_at, id", values)
    ]


def revoke_key(transaction: Transaction, key_id: str) -> Key | None:
    """Ends a key for good and erases what it signs with."""
    sql = f"""UPDATE keys SET revoked_at = COALESCE(revoked_at, ?), sealed = NULL, former_sealed = NULL,
              former_sha256 = NULL, former_until_at = NULL, webhook_secret = NULL
              WHERE id = ? RETURNING {KEY}"""
    found = transaction.execute(sql, (transaction.at, key_id))
    transaction.tell("keys")
    return key_of(found[0]) if found else None


def restore_key(transaction: Transaction, key_id: str) -> None:
    """Makes an ended key valid again."""
    transaction.write("UPDATE keys SET revoked_at = NULL WHERE id = ?", (key_id,))
    transaction.tell("keys")


def seal_key(transaction: Transaction, key_id: str, sealed: bytes) -> None:
    """Keeps the first sealed copy of a key that is not revoked; its former secret signs no more."""
    sql = """UPDATE keys SET sealed = ?, former_sealed = NULL
             WHERE id = ? AND sealed IS NULL AND revoked_at IS NULL"""
    transaction.write(sql, (sealed, key_id))


def seal_former(transaction: Transaction, key_id: str, sealed: bytes) -> None:
    """Keeps the first sealed copy of a key's former secret, while the new one is not known to be in use."""
    sql = """UPDATE keys SET former_sealed = ? WHERE id = ? AND sealed IS NULL AND former_sealed IS NULL
             AND former_sha256 IS NOT NULL AND revoked_at IS NULL"""
    transaction.write(sql, (sealed, key_id))


def sealed_key(connection: Connection, key_id: str) -> bytes | None:
    return _secret(connection.execute("SELECT sealed FROM keys WHERE id = ?", (key_id,)))


def signing_secret(connection: Connection, key_id: str) -> bytes | None:
    """What a key's webhooks are signed with, sealed: its own secret, else the key itself.

    After a rotation the former secret signs until the new one is known to be in use.
    """
    sql = "SELECT COALESCE(webhook_secret, sealed, former_sealed) FROM keys WHERE id = ?"
    return _secret(connection.execute(sql, (key_id,)))


def key_secret(connection: Connection, key_id: str) -> bytes | None:
    return _secret(connection.execute("SELECT webhook_secret FROM keys WHERE id = ?", (key_id,)))


def set_key_secret(transaction: Transaction, key_id: str, sealed: bytes | None) -> None:
    """Gives a key that is not revoked a secret of its own, or takes it away."""
    sql = "UPDATE keys SET webhook_secret = ? WHERE id = ? AND revoked_at IS NULL"
    transaction.write(sql, (sealed, key_id))


def touch_key(transaction: Transaction, key_id: str) -> None:
    sql = "UPDATE keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)"
    transaction.write(sql, (transaction.at, key_id, transaction.at - TOUCH_SECONDS * 1_000_000))


def webhook_secrets(connection: Connection, account_id: str, at: int) -> list[bytes]:
    """What the account's webhooks are signed with at that instant, sealed, the newest first."""
    sql = "SELECT webhook_secret, former_webhook_secret, former_webhook_until_at FROM accounts WHERE id = ?"
    for new, former, until_at in connection.execute(sql, (account_id,)):
        signing = [new, former if former is not None and until_at > at else None]
        return [bytes(each) for each in signing if each is not None]
    return []


def webhook_secret(connection: Connection, account_id: str) -> tuple[bytes, int | None] | None:
    """The newest one, sealed, and until when the one before it signs as well; None before the first need."""
    sql = "SELECT webhook_secret, former_webhook_secret, former_webhook_until_at FROM accounts WHERE id = ?"
    for sealed, former, until_at in connection.execute(sql, (account_id,)):
        return None if sealed is None else (bytes(sealed), None if former is None else until_at)
    return None


def begin_webhook_secret(transaction: Transaction, account_id: str, sealed: bytes) -> None:
    """Gives an account its first secret; one that it has stays."""
    sql = "UPDATE accounts SET webhook_secret = ? WHERE id = ? AND webhook_secret IS NULL"
    transaction.write(sql, (sealed, account_id))


def set_webhook_secret(
    transaction: Transaction, account_id: str, sealed: bytes, former_until_at: int | None
) -> None:
    """Gives an account another secret; the one before it signs as well until then, None: no more."""
    former = "NULL" if former_until_at is None else "webhook_secret"
    sql = f"""UPDATE accounts SET former_webhook_secret = {former}, former_webhook_until_at = ?,
              webhook_secret = ? WHERE id = ?"""
    transaction.write(sql, (former_until_at, sealed, account_id))


def scopes_text(scopes: frozenset[Scope]) -> str:
    return " ".join(sorted(scopes))


def models_text(models: tuple[str, ...] | None) -> str | None:
    return None if models is None else json.dumps(models)


def _secret(found: list[Row]) -> bytes | None:
    return bytes(found[0][0]) if found and found[0][0] is not None else None


def _account(row: Row) -> Account:
    return Account(
        id=row[0],
        name=row[1],
        role=Role(row[2]),
        created_at=row[3],
        suspended_at=row[4],
        allowance=_allowance(row),
    )


def key_of(row: Row) -> Key:
    """From a row of KEY."""
    return Key(
        id=row[0],
        account_id=row[1],
        name=row[2],
        sha256=row[3],
        last4=row[4],
        created_at=row[5],
        last_used_at=row[6],
        expires_at=row[7],
        revoked_at=row[8],
        scopes=frozenset(Scope(each) for each in row[9].split()),
        models=None if row[10] is None else tuple(json.loads(row[10])),
        former_sha256=row[11],
        former_until_at=row[12],
        retention=Retention() if row[13] is None else _retention.decode(row[13]),
        allowance=_allowance(row),
    )


def _allowance(row: Row) -> Allowance:
    """From the last columns of an account or a key."""
    return Allowance(requests_per_minute=row[-2], concurrency_max=row[-1])


def _numbers(allowance: Allowance) -> tuple[int | None, int | None]:
    return allowance.requests_per_minute, allowance.concurrency_max

"""Who is signed in, and the links to sign in with. Of their tokens there are only digests."""

from __future__ import annotations

from foretell.session import IDLE_SECONDS, LIFE_SECONDS, Link, Session
from foretell.store.database import Connection, Row, Transaction

TOUCH_SECONDS = 60
"""How precisely it is known when a session was last used."""
ONE_ACCOUNT_MAX = 100
"""An account's sessions at most; the one that was longest not used makes room."""

_COLUMNS = "id, account_id, sha256, key_id, key_sha256, agent, address, created_at, seen_at"


def begin(transaction: Transaction, session: Session) -> None:
    row = (
        session.id,
        session.account_id,
        session.sha256,
        session.key_id,
        session.key_sha256,
        session.agent,
        session.address,
        session.created_at,
        session.seen_at,
    )
    transaction.insert("sessions", _COLUMNS, [row])
    surplus = (
        "SELECT id FROM sessions WHERE account_id = ? ORDER BY seen_at DESC, id DESC LIMIT 1000 OFFSET ?"
    )
    transaction.write(f"DELETE FROM sessions WHERE id IN ({surplus})", (session.account_id, ONE_ACCOUNT_MAX))
    transaction.tell("keys")


def of_digest(connection: Connection, sha256: str) -> Session | None:
    found = connection.execute(f"SELECT {_COLUMNS} FROM sessions WHERE sha256 = ?", (sha256,))
    return _session(found[0]) if found else None


def of_account(connection: Connection, account_id: str, at: int) -> list[Session]:
    """Those that have not ended at that instant, the newest first."""
    sql = f"""SELECT {_COLUMNS} FROM sessions WHERE account_id = ? AND created_at > ? AND seen_at > ?
              ORDER BY created_at DESC, id DESC"""
    return [_session(row) for row in connection.execute(sql, (account_id, *_earliest(at)))]


def touch(transaction: Transaction, session_id: str) -> None:
    sql = "UPDATE sessions SET seen_at = ? WHERE id = ? AND seen_at <= ?"
    transaction.write(sql, (transaction.at, session_id, transaction.at - TOUCH_SECONDS * 1_000_000))


def end(transaction: Transaction, session_id: str, account_id: str | None) -> Session | None:
    """Ends a session, of that account where one is named; None when there is no such."""
    where, values = ("", ()) if account_id is None else (" AND account_id = ?", (account_id,))
    sql = f"DELETE FROM sessions WHERE id = ?{where} RETURNING {_COLUMNS}"
    found = transaction.execute(sql, (session_id, *values))
    transaction.tell("keys")
    return _session(found[0]) if found else None


def forget(transaction: Transaction) -> int:
    """Takes away sessions that have ended and links that are not good any more; how many."""
    sql = "DELETE FROM sessions WHERE created_at <= ? OR seen_at <= ? RETURNING id"
    gone = transaction.execute(sql, _earliest(transaction.at))
    sql = "DELETE FROM sign_in_links WHERE expires_at <= ? RETURNING account_id"
    return len(gone) + len(transaction.execute(sql, (transaction.at,)))


def offer(transaction: Transaction, link: Link) -> None:
    row = (link.sha256, link.account_id, link.expires_at)
    transaction.insert("sign_in_links", "sha256, account_id, expires_at", [row])


def use(transaction: Transaction, sha256: str) -> str | None:
    """The account that a link signs in to, this once; None when it is used, over, or was never given."""
    sql = "DELETE FROM sign_in_links WHERE sha256 = ? AND expires_at > ? RETURNING account_id"
    found = transaction.execute(sql, (sha256, transaction.at))
    return str(found[0][0]) if found else None


def _earliest(at: int) -> tuple[int, int]:
    """When a session was made and last used at the earliest, if it has not ended at that instant."""
    return at - LIFE_SECONDS * 1_000_000, at - IDLE_SECONDS * 1_000_000


def _session(row: Row) -> Session:
    return Session(
        id=row[0],
        account_id=row[1],
        sha256=row[2],
        key_id=row[3],
        key_sha256=row[4],
        agent=row[5],
        address=row[6],
        created_at=row[7],
        seen_at=row[8],
    )

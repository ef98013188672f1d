"""A clock that was set back: pauses and deadlines it would draw out begin anew, and last as long as they were to.

Nothing tells that a clock was set but instants that lie ahead of it.
"""

from __future__ import annotations

from foretell.store.database import Transaction

AHEAD_SECONDS = 30
"""How far ahead of now an instant may lie in any case: another process, whose transaction is longer, wrote it."""
AT_ONCE_MAX = 1_000


def begin_pauses_anew(transaction: Transaction) -> None:
    """What deliveries wait for, or a courier's time for one, is counted from now where it was from later."""
    transaction.write(
        """WITH picked AS MATERIALIZED (
               SELECT id FROM deliveries WHERE state = 'pending' AND since_at > ?
               ORDER BY since_at, id LIMIT ? $skip_locked)
           UPDATE deliveries SET next_at = ? + next_at - since_at, since_at = ? FROM picked
           WHERE deliveries.id = picked.id""",
        (_ahead(transaction), AT_ONCE_MAX, transaction.at, transaction.at),
    )


def begin_deadlines_anew(transaction: Transaction) -> None:
    """Deadlines of live predictions are counted from now where the clock was set back by more than they leave."""
    newest = transaction.execute("SELECT MAX(created_at) FROM predictions WHERE deleted_at IS NULL")[0][0]
    if newest is None or newest <= _ahead(transaction):
        return
    for column in ("cancel_at", "expire_at"):
        # After that they lie before their prediction was created, so that it is done once.
        transaction.write(
            f"""WITH picked AS MATERIALIZED (
                    SELECT id FROM predictions
                    WHERE {column} IS NOT NULL AND completed_at IS NULL AND created_at > ?
                    AND {column} >= created_at AND {column} < created_at + created_at - ?
                    ORDER BY {column}, id LIMIT ? $skip_locked)
                UPDATE predictions SET {column} = ? + {column} - created_at FROM picked
                WHERE predictions.id = picked.id""",
            (_ahead(transaction), transaction.at, AT_ONCE_MAX, transaction.at),
        )


def _ahead(transaction: Transaction) -> int:
    return transaction.at + AHEAD_SECONDS * 1_000_000

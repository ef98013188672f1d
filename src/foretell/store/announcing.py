"""Announcing: rows of blobs that are about to be put, so that what a killed node leaves of them can be found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretell.file import File
from foretell.prediction import Hold, Phase
from foretell.store import files
from foretell.store.database import Transaction
from foretell.store.predictions import Note, note


@dataclass(frozen=True, slots=True)
class Announced:
    """Files of an attempt, whose bytes are about to be put. `has_run`: its run is over, and it is storing now."""

    hold: Hold
    files: Sequence[File]
    has_run: bool


def announce(transaction: Transaction, asked: Sequence[Announced]) -> list[bool]:
    """Writes rows, some of which may be there already. False: the hold is lost, and nothing was written.

    So every row belongs to an attempt whose end the door sees: none is left to be found by nobody.
    """
    return [_announced(transaction, each) for each in asked]


def _announced(transaction: Transaction, asked: Announced) -> bool:
    if not _holds(transaction, asked):
        return False
    files.insert(transaction, asked.files, unless="id")
    return True


def _holds(transaction: Transaction, asked: Announced) -> bool:
    """Whether the hold is current, as it stays until the end of the transaction."""
    hold = asked.hold
    if asked.has_run:
        return note(transaction, [Note(hold, Phase.STORING, None)]) == [True]
    sql = "SELECT 1 FROM predictions WHERE id = ? AND node = ? AND attempt = ? $for_update"
    return bool(transaction.execute(sql, (hold.prediction_id, hold.node, hold.attempt)))

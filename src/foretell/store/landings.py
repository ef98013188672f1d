"""Landings: predictions that ran before they were written, and are written with their end.

Nothing was promised before: who asked waits for the end, and nobody else knows of them. So they have no hold, no turn
and no place in a lane, and what a create may be refused for must not be there.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from foretell.prediction import Outcome, Prediction
from foretell.store import retention
from foretell.store.database import Transaction, Value
from foretell.store.rows import encoded

_NEW = (
    "id, account_id, key_id, model, model_type, version_id, lane, status, priority, turn, created_at, updated_at, "
    "origin, source, privacy, stream, input_hash, attempt, held_at, started_at, completed_at, progress"
)
_NEW_BODY = "prediction_id, input, request, retention, result, metrics, metadata"


class Landing(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction as it was when its run began, and how that ended: well, with no files and nothing logged.

    `asked_seconds` and `ran_seconds` are how long ago it was asked for, and how long ago its run began.
    """

    prediction: Prediction
    input: str
    input_hash: str
    outcome: Outcome
    asked_seconds: float
    ran_seconds: float


def land(transaction: Transaction, asked: Sequence[Landing]) -> list[Prediction]:
    """Writes them, whole. Gives each as it now is."""
    landed = [_landed(each, at=transaction.at) for each in asked]
    both = list(zip(asked, landed, strict=True))
    transaction.insert("predictions", _NEW, [_row(each, prediction) for each, prediction in both])
    transaction.insert("bodies", _NEW_BODY, [_body(each, prediction) for each, prediction in both])
    retention.purge_later(transaction, landed)
    return landed


def _landed(asked: Landing, *, at: int) -> Prediction:
    created_at = at - round(asked.asked_seconds * 1_000_000)
    outcome = asked.outcome
    return replace(
        asked.prediction,
        status=outcome.status,
        node=None,
        phase=None,
        created_at=created_at,
        held_at=created_at,
        started_at=max(created_at, at - round(asked.ran_seconds * 1_000_000)),
        completed_at=at,
        updated_at=at,
        result=outcome.result,
        metrics=outcome.metrics,
        metadata=outcome.metadata,
    )


def _row(asked: Landing, landed: Prediction) -> tuple[Value, ...]:
    return (
        landed.id,
        landed.account_id,
        landed.key_id,
        landed.model,
        landed.model_type,
        landed.version_id,
        landed.lane,
        landed.status,
        landed.priority,
        0,
        landed.created_at,
        landed.updated_at,
        landed.origin,
        landed.source,
        landed.privacy,
        int(landed.stream),
        asked.input_hash,
        landed.attempt,
        landed.held_at,
        landed.started_at,
        landed.completed_at,
        landed.progress,
    )


def _body(asked: Landing, landed: Prediction) -> tuple[Value, ...]:
    return (
        landed.id,
        asked.input,
        None if landed.request is None else encoded(landed.request),
        None if landed.retention is None else encoded(landed.retention),
        None if landed.result is None else encoded(landed.result),
        encoded(landed.metrics) if landed.metrics else None,
        encoded(landed.metadata) if landed.metadata else None,
    )

"""How predictions come to be: rows and bodies of a whole group, as far as allowances and the queue have room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foretell.allowance import Bounds, Standing
from foretell.errors import Code, Error
from foretell.prediction import NewPrediction, Phase, Prediction, Status
from foretell.store import allowances, lanes
from foretell.store.database import Transaction
from foretell.store.rows import created, encoded

_NEW = (
    "id, account_id, key_id, model, model_type, version_id, lane, status, priority, turn, created_at, updated_at, "
    "origin, source, privacy, stream, input_hash, phase"
)
_NEW_BODY = "prediction_id, input, webhook, request, pricing"


@dataclass(frozen=True, slots=True)
class Create:
    """A new prediction; `queued_max` may wait at once, and its account and key may make what `bounds` say."""

    new: NewPrediction
    input: str
    queued_max: int
    bounds: Bounds | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """What a create has written, and what is left of its allowances."""

    prediction: Prediction
    standing: Standing


def create(transaction: Transaction, asked: Sequence[Create]) -> list[Created | Error]:
    """Writes new rows, each with its turn; an Error for those that may not be, or for which there is no room."""
    answers: list[Created | Error] = []
    written: list[Create] = []
    room = asked[0].queued_max - lanes.waiting_count(transaction.connection)
    verdicts = allowances.admit(transaction, [(each.new, each.bounds) for each in asked])
    for each, verdict in zip(asked, verdicts, strict=True):
        if isinstance(verdict, Error):
            answers.append(verdict)
        elif len(written) >= room:
            answers.append(_overloaded())
        else:
            written.append(each)
            answers.append(Created(created(each.new, at=transaction.at), verdict))
    _write(transaction, written)
    return answers


def _write(transaction: Transaction, asked: Sequence[Create]) -> None:
    if not asked:
        return
    turns = lanes.join(transaction, [each.new for each in asked])
    rows = [_new_row(each.new, turn, transaction.at) for each, turn in zip(asked, turns, strict=True)]
    transaction.insert("predictions", _NEW, rows)
    transaction.insert("bodies", _NEW_BODY, [_new_body(each) for each in asked])
    transaction.tell("waiting")


def _new_row(new: NewPrediction, turn: int, at: int) -> tuple[str | int | None, ...]:
    return (
        new.id,
        new.account_id,
        new.key_id,
        new.model,
        new.model_type,
        new.version_id,
        new.lane,
        Status.STARTING,
        new.priority,
        turn,
        at,
        at,
        new.origin,
        new.source,
        new.privacy,
        int(new.stream),
        new.input_hash,
        Phase.QUEUED,
    )


def _new_body(asked: Create) -> tuple[str | None, ...]:
    new = asked.new
    beside = (None if each is None else encoded(each) for each in (new.webhook, new.request, new.pricing))
    return new.id, asked.input, *beside


def _overloaded() -> Error:
    return Error(Code.OVERLOADED, "Too many predictions are waiting. Try again soon.", retry_after_seconds=5)

"""How predictions come to be: rows and bodies of a whole group, as far as allowances and the queue have room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from foretell.allowance import Bounds, Standing
from foretell.errors import Code, Error
from foretell.prediction import NewPrediction, Prediction
from foretell.store import allowances, charges, deadlines, idempotency, lanes
from foretell.store.database import Connection, Transaction
from foretell.store.idempotency import Bound, Claim
from foretell.store.places import Place
from foretell.store.rows import created, encoded

_NEW = (
    "id, account_id, key_id, model, model_type, version_id, lane, status, priority, turn, created_at, updated_at, "
    "origin, source, privacy, stream, input_hash, phase, node, attempt, held_at, started_at, cancel_at, expire_at"
)
_NEW_BODY = "prediction_id, input, webhook, request, pricing, retention"


class Create(msgspec.Struct, frozen=True):
    """A new prediction; `queued_max` may wait at once, and its account and key may make what `bounds` say.

    With a `claim` it is the only one of its idempotency key. With a `place` it is held from the first by that node,
    unless others wait for the same.
    """

    new: NewPrediction
    input: str
    queued_max: int
    bounds: Bounds | None = None
    claim: Claim | None = None
    place: Place | None = None


class Created(msgspec.Struct, frozen=True):
    """What a create has written, and what is left of its allowances.

    `is_replay`: an earlier create under the same idempotency key has written it, and nothing was written now.
    """

    prediction: Prediction
    standing: Standing
    is_replay: bool = False


def create(transaction: Transaction, asked: Sequence[Create]) -> list[Created | Error]:
    """Writes new rows, each with its turn; an Error for those that may not be, or for which there is no room."""
    claims = [(each.claim, each.new.id) for each in asked if each.claim is not None]
    bound = idempotency.bind(transaction, claims)
    fresh = [each for each in asked if each.new.id not in bound]
    answers = _created(transaction, fresh)
    refused = [each for each in fresh if isinstance(answers[each.new.id], Error)]
    idempotency.unbind(
        transaction, (each.new.id for each in refused), (each.claim for each in refused if each.claim)
    )
    for each in asked:
        if each.claim is not None and each.new.id in bound:
            found = bound[each.new.id]
            answers[each.new.id] = _replayed(transaction.connection, each.claim, found, answers)
    return [answers[each.new.id] for each in asked]


def _created(transaction: Transaction, asked: Sequence[Create]) -> dict[str, Created | Error]:
    """The new predictions by their ids, which are written, and the refusals of the others."""
    if not asked:
        return {}
    answers: dict[str, Created | Error] = {}
    written: list[tuple[Create, Prediction]] = []
    queue = _Queue(transaction, asked)
    verdicts = allowances.admit(transaction, [(each.new, each.bounds) for each in asked])
    purse = charges.purse_for(transaction, [each.new for each in asked])
    for each, verdict in zip(asked, verdicts, strict=True):
        if isinstance(verdict, Error):
            answers[each.new.id] = verdict
            continue
        node = queue.node_for(each)
        if node is None and not queue.has_room:
            answers[each.new.id] = _overloaded()
        elif (refusal := purse.hold(each.new)) is not None:
            answers[each.new.id] = refusal
        else:
            has_begun = each.place is not None and each.place.has_begun
            prediction = created(each.new, at=transaction.at, node=node, has_begun=has_begun)
            queue.enter(each, node)
            written.append((each, prediction))
            answers[each.new.id] = Created(prediction, verdict)
    _write(transaction, written, queue)
    return answers


class _Queue:
    """Who of a group has to wait: those without a place, and those before whom somebody waits for the same lane."""

    def __init__(self, transaction: Transaction, asked: Sequence[Create]) -> None:
        self._connection = transaction.connection
        self._places = lanes.places(
            transaction.connection, {each.new.lane for each in asked if each.place is not None}
        )
        self._room_max = asked[0].queued_max
        self._room: int | None = None
        self._joined: set[str] = set()

    def node_for(self, asked: Create) -> str | None:
        """The node that holds it from the first; None: it waits."""
        lane = asked.new.lane
        if asked.place is not None and asked.place.is_running:
            return asked.place.node
        if asked.place is None or lane in self._joined or self._places.is_waited_for(lane):
            return None
        return asked.place.node

    @property
    def has_room(self) -> bool:
        """Whether one more may wait."""
        if self._room is None:
            self._room = self._room_max - lanes.waiting_count(self._connection)
        return self._room > 0

    def enter(self, asked: Create, node: str | None) -> None:
        if node is None and self._room is not None:
            self._room -= 1
            self._joined.add(asked.new.lane)

    def turn_of(self, new: NewPrediction) -> int:
        """The turn of one that does not wait: the lane's own, should it ever have to."""
        return self._places.clock(new.lane, new.priority)


def _replayed(
    connection: Connection, claim: Claim, bound: Bound, answers: Mapping[str, Created | Error]
) -> Created | Error:
    """The answer to a create whose key stands for another's prediction, which may be one of this group."""
    original = answers.get(bound.prediction_id)
    if isinstance(original, Error):
        return original
    try:
        bound.check(claim)
        if original is not None:
            return replace(original, is_replay=True)
        return Created(idempotency.prediction_of(connection, bound), Standing(), is_replay=True)
    except Error as error:
        return error


def _write(transaction: Transaction, written: Sequence[tuple[Create, Prediction]], queue: _Queue) -> None:
    if not written:
        return
    waiting = [asked.new for asked, prediction in written if prediction.node is None]
    turns = dict(zip((each.id for each in waiting), lanes.join(transaction, waiting), strict=True))
    rows = [
        _new_row(asked.new, prediction, turns.get(prediction.id) or queue.turn_of(asked.new))
        for asked, prediction in written
    ]
    transaction.insert("predictions", _NEW, rows)
    transaction.insert("bodies", _NEW_BODY, [_new_body(asked) for asked, _ in written])
    if waiting:
        transaction.tell("waiting")


def _new_row(new: NewPrediction, written: Prediction, turn: int) -> tuple[str | int | None, ...]:
    at = written.created_at
    return (
        new.id,
        new.account_id,
        new.key_id,
        new.model,
        new.model_type,
        new.version_id,
        new.lane,
        written.status,
        new.priority,
        turn,
        at,
        at,
        new.origin,
        new.source,
        new.privacy,
        int(new.stream),
        new.input_hash,
        written.phase,
        written.node,
        written.attempt,
        written.held_at,
        written.started_at,
        *deadlines.columns(new, at=at),
    )


def _new_body(asked: Create) -> tuple[str | None, ...]:
    new = asked.new
    beside = (
        None if each is None else encoded(each)
        for each in (new.webhook, new.request, new.pricing, new.retention)
    )
    return new.id, asked.input, *beside


def _overloaded() -> Error:
    return Error(Code.OVERLOADED, "Too many predictions are waiting. Try again soon.", retry_after_seconds=5)

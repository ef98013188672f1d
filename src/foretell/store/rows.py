"""Rows and bodies of predictions: how they are read into the noun, and how JSON is bound."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from foretell.prediction import Failure, NewPrediction, Phase, Prediction, Status, Steps, Subscription
from foretell.pricing import Pricing
from foretell.retention import Retention
from foretell.store.database import Connection, Row, marks

COLUMNS = (
    "id, account_id, key_id, model, model_type, version_id, lane, status, node, attempt, losses, priority, created_at, "
    "held_at, started_at, completed_at, updated_at, origin, source, privacy, stream, phase, progress, "
    "cost_nanocredits, "
    "data_removed_at, deleted_at, steps"
)
QUALIFIED = ", ".join(f"predictions.{each}" for each in COLUMNS.split(", "))
"""For RETURNING, where the names of the VALUES table would be ambiguous."""

_BODY = "prediction_id, input, result, failure, metrics, metadata, webhook, request, pricing, retention"
_QUALIFIED_BODY = ", ".join(f"bodies.{each}" for each in _BODY.split(", "))
_WIDTH = len(COLUMNS.split(", "))
_subscription = msgspec.json.Decoder(Subscription)
_failure = msgspec.json.Decoder(Failure)
_pricing = msgspec.json.Decoder(Pricing)
_retention = msgspec.json.Decoder(Retention)
_steps = msgspec.json.Decoder(Steps)
_json = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def encoded(value: Any) -> str:
    """`value` as JSON text, always bound as text: guessing by type would break an output that is a string or `true`.

    Half a surrogate pair, which models can produce, becomes U+FFFD: no database stores it.
    """
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def decoded(text: str) -> Any:
    return _json.decode(text)


def prediction_of(row: Row) -> Prediction:
    """A row of COLUMNS, without its body."""
    return Prediction(
        id=row[0],
        account_id=row[1],
        key_id=row[2],
        model=row[3],
        model_type=row[4],
        version_id=row[5],
        lane=row[6],
        status=Status(row[7]),
        node=row[8],
        attempt=row[9],
        losses=row[10],
        priority=row[11],
        created_at=row[12],
        held_at=row[13],
        started_at=row[14],
        completed_at=row[15],
        updated_at=row[16],
        origin=row[17],
        source=row[18],
        privacy=row[19],
        stream=bool(row[20]),
        phase=None if row[21] is None else Phase(row[21]),
        progress=float(row[22]),
        cost_nanocredits=row[23],
        data_removed_at=row[24],
        deleted_at=row[25],
        steps=None if row[26] is None else _steps.decode(row[26]),
    )


def created(new: NewPrediction, *, at: int, node: str | None = None, has_begun: bool = False) -> Prediction:
    """What `create` has written; with a `node`, held by it from the first, where its run may have begun as well."""
    return Prediction(
        id=new.id,
        account_id=new.account_id,
        key_id=new.key_id,
        model=new.model,
        model_type=new.model_type,
        version_id=new.version_id,
        lane=new.lane,
        status=Status.PROCESSING if has_begun else Status.STARTING,
        node=node,
        attempt=0 if node is None else 1,
        losses=0,
        priority=new.priority,
        created_at=at,
        held_at=None if node is None else at,
        started_at=at if has_begun else None,
        completed_at=None,
        updated_at=at,
        origin=new.origin,
        source=new.source,
        privacy=new.privacy,
        stream=new.stream,
        phase=Phase.RUNNING if has_begun else Phase.QUEUED,
        progress=0.0,
        cost_nanocredits=0,
        data_removed_at=None,
        deleted_at=None,
        input=new.input,
        webhook=new.webhook,
        request=new.request,
        pricing=new.pricing,
        retention=new.retention,
    )


def with_bodies(connection: Connection, predictions: Sequence[Prediction]) -> list[Prediction]:
    """The same predictions with what their bodies hold; one whose body is gone stays as it is."""
    bodies = _bodies(connection, [each.id for each in predictions])
    return [replace(each, **bodies[each.id]) if each.id in bodies else each for each in predictions]


def read(connection: Connection, ids: Iterable[str], *, deleted: bool = False) -> dict[str, Prediction]:
    """The predictions of `ids` that are there, with bodies; tombstones only when `deleted`."""
    wanted = list(ids)
    if not wanted:
        return {}
    alive = "" if deleted else " AND deleted_at IS NULL"
    found = connection.execute(
        f"""SELECT {QUALIFIED}, {_QUALIFIED_BODY}
            FROM predictions LEFT JOIN bodies ON bodies.prediction_id = predictions.id
            WHERE predictions.id IN ({marks(len(wanted))}){alive}""",
        wanted,
    )
    return {row[0]: _whole(row) for row in found}


def _whole(row: Row) -> Prediction:
    """A row of both tables; one whose body is gone has none."""
    prediction, body = prediction_of(row), row[_WIDTH:]
    return prediction if body[0] is None else replace(prediction, **_body(body))


def _bodies(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not ids:
        return {}
    found = connection.execute(f"SELECT {_BODY} FROM bodies WHERE prediction_id IN ({marks(len(ids))})", ids)
    return {row[0]: _body(row) for row in found}


def _body(row: Row) -> dict[str, Any]:
    _, given, result, failure, metrics, metadata, webhook, request, pricing, retention = row
    return {
        "input": decoded(given),
        "result": None if result is None else decoded(result),
        "failure": None if failure is None else _failure.decode(failure),
        "metrics": {} if metrics is None else decoded(metrics),
        "metadata": {} if metadata is None else decoded(metadata),
        "webhook": None if webhook is None else _subscription.decode(webhook),
        "request": None if request is None else decoded(request),
        "pricing": None if pricing is None else _pricing.decode(pricing),
        "retention": None if retention is None else _retention.decode(retention),
    }

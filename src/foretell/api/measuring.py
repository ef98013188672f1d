"""Figures for Prometheus: what has ended, and how lanes, replicas and callers stand now."""

import asyncio
import time
from collections import Counter

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.operations import operation
from foretell.api.requests import edge, services
from foretell.store import LaneState, NodeState, Readiness, ReplicaState
from foretell.telemetry import CONTENT_TYPE, Standing


@operation(
    "Read figures for Prometheus",
    tag="Server",
    description="Counters and histograms of predictions that this process ended, since it began; and, as everybody on "
    "this database sees it, what waits and what is loaded.",
    media=("text/plain",),
)
async def get(request: Request) -> Response:
    """In Prometheus' text format."""
    at = services(request)
    lanes, nodes, replicas = await asyncio.gather(
        at.store.waiting(),
        at.store.living(within_seconds=at.config.lost_seconds),
        at.store.replicas(),
    )
    models = {each.id: each.model for each in await at.store.models()}
    standing = [
        *_waiting(lanes, models),
        _callers(edge(request).seats.taken),
        _nodes(nodes),
        *_replicas([each for each in replicas if each.state is not Readiness.DEAD], models),
    ]
    return Response(at.measures.text(standing), media_type=CONTENT_TYPE)


def _waiting(lanes: list[LaneState], models: dict[str, str]) -> list[Standing]:
    waiting: Counter[tuple[str, ...]] = Counter()
    oldest: dict[tuple[str, ...], float] = {}
    now = time.time()
    for each in lanes:
        labels = (models.get(each.version_id, each.version_id),)
        waiting[labels] += each.waiting
        oldest[labels] = max(oldest.get(labels, 0.0), now - each.oldest_at / 1_000_000)
    return [
        Standing(
            name="predictions_waiting",
            help="Predictions that wait for a run.",
            labels=("model",),
            values=tuple(waiting.items()),
        ),
        Standing(
            name="oldest_waiting_seconds",
            help="For how long the next in line has waited.",
            labels=("model",),
            values=tuple(oldest.items()),
        ),
    ]


def _callers(taken: int) -> Standing:
    return Standing(
        name="callers_waiting",
        help="Callers of this process who wait for an answer or follow a stream.",
        labels=(),
        values=(((), taken),),
    )


def _nodes(nodes: list[NodeState]) -> Standing:
    return Standing(name="nodes", help="Nodes that live.", labels=(), values=(((), len(nodes)),))


def _replicas(replicas: list[ReplicaState], models: dict[str, str]) -> list[Standing]:
    count: Counter[tuple[str, ...]] = Counter()
    memory: Counter[tuple[str, ...]] = Counter()
    for each in replicas:
        model = models.get(each.version_id, each.version_id)
        count[model, each.state.value] += 1
        memory[(model,)] += (each.memory_mb or 0) * 1024**2
    return [
        Standing(
            name="replicas",
            help="Loaded copies of models, by how far they are.",
            labels=("model", "state"),
            values=tuple(count.items()),
        ),
        Standing(
            name="replica_memory_peak_bytes",
            help="The most that a model's replicas have held, together.",
            labels=("model",),
            values=tuple(memory.items()),
        ),
    ]

"""Nodes, as their operator sees them: what runs where, and who is to stop."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import edge, services
from foretell.audit import Action
from foretell.dialects import skytells
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.store import NodeState, Readiness, ReplicaState, Store

NODE = {"node": "The id of a node, from `GET /v1/admin/nodes`."}
REPLICA = {"replica": "The id of a replica, from `GET /v1/admin/nodes`."}
MODEL = {"model": "A model's name."}


@operation(
    "List nodes",
    tag="Nodes",
    description="What runs models, on what, and each loaded model with what it holds.",
    answer=messages.NodeList,
)
async def index(request: Request) -> Response:
    paused = sorted(await services(request).store.pauses())
    body: messages.NodeList = {"data": await shown(request), "paused": paused}
    return answer(body)


@operation(
    "Drain a node",
    tag="Nodes",
    description="It takes nothing more, ends what it runs, and unloads its models. Its queue is others' from then on. "
    "Draining again changes nothing.",
    path=NODE,
    answer=messages.NodeMessage,
    errors=(Code.NOT_FOUND,),
)
async def drain(request: Request) -> Response:
    return await _drained(request, drained=True)


@operation(
    "Resume a node",
    tag="Nodes",
    description="It takes work again.",
    path=NODE,
    answer=messages.NodeMessage,
    errors=(Code.NOT_FOUND,),
)
async def resume(request: Request) -> Response:
    return await _drained(request, drained=False)


@operation(
    "Unload a replica",
    tag="Nodes",
    description="It takes no more runs, and its process ends after those it has. The model is loaded again when it is "
    "wanted.",
    path=REPLICA,
    answers={202: messages.UnloadingMessage},
    errors=(Code.NOT_FOUND,),
)
async def unload(request: Request) -> Response:
    replica, store = request.path_params["replica"], services(request).store
    over = {Readiness.DRAINING, Readiness.DEAD}
    loaded = {each.id for each in await store.replicas() if each.state not in over}
    doing = store.by(deed(request, Action.REPLICA_UNLOADED, replica))
    if replica not in loaded or not await doing.unload(replica):
        raise Error(Code.NOT_FOUND, f"There is no loaded replica '{replica[:100]}'.")
    body: messages.UnloadingMessage = {"id": replica, "unloading": True}
    return answer(body, 202)


@operation(
    "Pause a model",
    tag="Nodes",
    description="Its predictions are accepted and wait; those that run go on.",
    path=MODEL,
    answer=messages.PausedMessage,
    errors=(Code.MODEL_NOT_FOUND,),
)
async def pause_model(request: Request) -> Response:
    return await _paused(request, paused=True)


@operation(
    "Resume a model",
    tag="Nodes",
    description="It starts what has come meanwhile.",
    path=MODEL,
    answer=messages.PausedMessage,
    errors=(Code.MODEL_NOT_FOUND,),
)
async def resume_model(request: Request) -> Response:
    return await _paused(request, paused=False)


async def shown(request: Request) -> list[messages.NodeMessage]:
    """Every node with its replicas."""
    store, config = services(request).store, services(request).config
    living = {each.id for each in await store.living(within_seconds=config.lost_seconds)}
    of_node: defaultdict[str, list[ReplicaState]] = defaultdict(list)
    for each in await store.replicas():
        if each.state is not Readiness.DEAD:
            of_node[each.node].append(each)
    names = await _names(store, {each.version_id for there in of_node.values() for each in there})
    return [
        _rendered(
            node,
            [_replica(each, names[each.version_id]) for each in of_node[node.incarnation]],
            is_living=node.id in living,
        )
        for node in await store.nodes()
    ]


async def _names(store: Store, version_ids: Iterable[str]) -> dict[str, str]:
    found = {each: await store.version(each) for each in version_ids}
    return {name: name if version is None else version.model for name, version in found.items()}


async def _drained(request: Request, *, drained: bool) -> Response:
    node_id, store = request.path_params["node"], services(request).store
    action = Action.NODE_DRAINED if drained else Action.NODE_RESUMED
    is_known = any(each.id == node_id for each in await store.nodes())
    if not is_known or not await store.by(deed(request, action, node_id)).drain(node_id, drained=drained):
        raise Error(Code.NOT_FOUND, f"There is no node '{node_id[:100]}'.")
    for each in await shown(request):
        if each["id"] == node_id:
            return answer(each)
    raise Error(Code.NOT_FOUND, f"The node '{node_id[:100]}' has gone meanwhile.")


async def _paused(request: Request, *, paused: bool) -> Response:
    version = (await edge(request).versions.find(request.path_params["model"])).version
    action = Action.MODEL_PAUSED if paused else Action.MODEL_RESUMED
    doing = services(request).store.by(deed(request, action, version.model))
    await doing.pause(version.model, paused=paused)
    body: messages.PausedMessage = {"model": version.model, "paused": paused}
    return answer(body)


def _rendered(
    node: NodeState, there: Sequence[messages.ReplicaMessage], *, is_living: bool
) -> messages.NodeMessage:
    told = node.hardware
    return {
        "id": node.id,
        "living": is_living,
        "seen_at": skytells.timestamp(node.seen_at),
        "drained_at": None if node.drained_at is None else skytells.timestamp(node.drained_at),
        "hardware": told.get("name", ""),
        "cores": told.get("cores", 0),
        "memory_mb": told.get("memory_mb", 0),
        "models_mb": told.get("models_mb", 0),
        "used_mb": sum(each["memory_mb"] or 0 for each in there),
        "gpus": [
            {
                "name": each["name"],
                "memory_mb": each["memory_mb"],
                "replicas": [replica["id"] for replica in there if number in replica["gpus"]],
            }
            for number, each in enumerate(told.get("gpus", ()))
        ],
        "replicas": list(there),
    }


def _replica(row: ReplicaState, model: str) -> messages.ReplicaMessage:
    facts = row.facts
    rests = row.state is Readiness.READY and not facts.running and facts.used_at is not None
    is_fetching = row.state is Readiness.FETCHING
    return {
        "id": row.id,
        "model": model,
        "version": row.version_id,
        "state": row.state.value,  # type: ignore[typeddict-item]  # a dead one is not shown
        "percent": int(100 * row.fraction) if is_fetching and row.fraction is not None else None,
        "line": facts.line if is_fetching else "",
        "pid": row.pid,
        "memory_mb": row.memory_mb,
        "gpus": list(facts.gpus),
        "gpu_memory_mb": facts.gpu_memory_mb,
        "runs": facts.runs,
        "running": facts.running,
        "load_seconds": facts.load_seconds,
        "run_seconds": facts.run_seconds,
        "idle_since": skytells.timestamp(facts.used_at) if rests and facts.used_at else None,
    }

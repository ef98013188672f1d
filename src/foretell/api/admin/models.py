"""Models, as their operator sees them: every version, what they still need on this machine, and whether they run."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from foretell import catalog
from foretell.adding import Bench
from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.dialects.skytells import messages, timestamp
from foretell.errors import Code, Error
from foretell.model import Manifest, Version
from foretell.store import Store
from foretell.store.models import Listed
from foretell.store.nodes import Readiness

State = Literal["cold", "loading", "warm", "offline"]
_COMING = {Readiness.WANTED, Readiness.FETCHING, Readiness.LOADING}


@operation(
    "List every model",
    tag="Adding models",
    description="Hidden ones too, each with its versions, what it needs, and whether a node has it loaded.",
    answer=messages.RegisteredModelList,
)
async def list_all(request: Request) -> Response:
    body: messages.RegisteredModelList = {"data": await registered(services(request).bench)}
    return answer(body)


@operation(
    "Get a model as its operator",
    tag="Adding models",
    path={"model": "Its slug or an alias."},
    answer=messages.RegisteredModel,
    errors=(Code.MODEL_NOT_FOUND,),
)
async def get(request: Request) -> Response:
    bench = services(request).bench
    name = (await existing(bench.store, request.path_params["model"])).model
    return answer(next(each for each in await registered(bench) if each["namespace"] == name))


async def registered(bench: Bench) -> list[messages.RegisteredModel]:
    """Every model with its versions, by name."""
    states = await _states(bench)
    versions: defaultdict[str, list[Listed]] = defaultdict(list)
    for each in await bench.store.versions():
        versions[each.version.model].append(each)
    return await asyncio.to_thread(_rendered_all, bench, await bench.store.models(), versions, states)


async def existing(store: Store, name: str) -> Version:
    """The current version of the model of this name, hidden or not. Raises Error(MODEL_NOT_FOUND)."""
    for each in await store.models():
        if name in {each.model, *each.manifest.aliases}:
            return each
    raise Error(Code.MODEL_NOT_FOUND, f"There is no model '{name}'.")


def can_run(listed: Listed) -> bool:
    """Whether a version may be asked for: of what was not added, only what is current is still there."""
    return listed.is_current or listed.version.manifest.is_snapshot


async def _states(bench: Bench) -> dict[str, State]:
    """Of each version that a living node has or gets: how far that is."""
    store = bench.store
    living = {each.incarnation for each in await store.living(within_seconds=bench.config.lost_seconds)}
    found: dict[str, State] = {}
    for each in await store.replicas():
        if each.node not in living:
            continue
        if each.state is Readiness.READY:
            found[each.version_id] = "warm"
        elif each.state in _COMING:
            found.setdefault(each.version_id, "loading")
    return found


def _rendered_all(
    bench: Bench,
    models: Iterable[Version],
    versions: Mapping[str, list[Listed]],
    states: Mapping[str, State],
) -> list[messages.RegisteredModel]:
    return [_rendered(bench, each, versions[each.model], states.get(each.id, "cold")) for each in models]


def _rendered(
    bench: Bench, version: Version, versions: Iterable[Listed], state: State
) -> messages.RegisteredModel:
    manifest = bench.snapshots.located(version.manifest)
    return {
        "namespace": version.model,
        "name": manifest.name,
        "type": manifest.type,
        "version": version.id,
        "versions": [_version(bench, each) for each in versions if can_run(each)],
        "added": version.manifest.is_snapshot,
        "folder": manifest.folder,
        "hidden": manifest.hidden,
        "ready": bench.environments.is_ready(manifest) and bench.weights.is_ready(manifest),
        "state": state if version.offline_reason is None else "offline",
        "offline_reason": version.offline_reason,
        "size_bytes": _size(manifest),
        "examples": [
            {"title": each.title, "input": each.input, "output": list(each.output)}
            for each in manifest.examples
        ],
        "notes": list(manifest.notes),
    }


def _version(bench: Bench, listed: Listed) -> messages.VersionMessage:
    version = listed.version
    return {
        "id": version.id,
        "created_at": timestamp(version.created_at),
        "current_at": None if listed.current_at is None else timestamp(listed.current_at),
        "is_current": listed.is_current,
        "size_bytes": _size(bench.snapshots.located(version.manifest)),
    }


def _size(manifest: Manifest) -> int:
    folder = Path(manifest.folder)
    inside = {(folder / each.source.removeprefix("file:")).resolve() for each in manifest.weights}
    own = sum(each.stat().st_size for each in catalog.files_of(folder, inside)) if folder.is_dir() else 0
    return own + sum(each.size_bytes for each in manifest.weights)

"""Versions of added models: going back to one, and taking one away."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell import catalog
from foretell.api.admin.models import can_run, existing, registered
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.api.versions import PREFIX_CHARACTERS_MIN, too_short
from foretell.audit import Action
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.model import Version
from foretell.store.models import Listed

_MODEL = {"model": "Its slug."}


class Rollback(msgspec.Struct, forbid_unknown_fields=True):
    """The version to go back to: its id or the beginning of it; without one, the version that was current before."""

    version: str | None = None


_rollback = msgspec.json.Decoder(Rollback)


@operation(
    "Roll a model back",
    tag="Adding models",
    description="Makes an earlier version the one that the name means. Predictions that were accepted keep theirs.",
    path=_MODEL,
    body=Rollback,
    examples={"The one before": {}, "A certain one": {"version": "0f3a9c1d"}},
    answer=messages.RegisteredModel,
    errors=(Code.MODEL_NOT_FOUND, Code.NOT_FOUND, Code.CONFLICT),
)
async def rollback(request: Request) -> Response:
    wanted = await body_of(request, _rollback)
    store, name = services(request).store, request.path_params["model"]
    chosen = await (
        _before(request, name) if wanted.version is None else version_of(request, name, wanted.version)
    )
    doing = store.by(deed(request, Action.MODEL_ROLLED_BACK, f"{name}:{chosen.version.id}"))
    if not await doing.go_back(name, chosen.version.id):
        raise Error(Code.CONFLICT, f"The version {chosen.version.id} of '{name}' was removed meanwhile.")
    found = await registered(services(request).bench)
    return answer(next(each for each in found if each["namespace"] == name))


@operation(
    "Remove a model",
    tag="Adding models",
    description="All versions that were added, or one that is not current. Nobody can ask for them from then on; what "
    "was accepted before still runs, and their folders go after it. A built-in model of the same name answers again.",
    path=_MODEL,
    query=messages.VersionQuery,
    answer=messages.RemovedModel,
    errors=(Code.MODEL_NOT_FOUND, Code.NOT_FOUND, Code.CONFLICT),
)
async def remove(request: Request) -> Response:
    store, name = services(request).store, request.path_params["model"]
    wanted = request.query_params.get("version")
    removed = await (_added(request, name) if wanted is None else _one(request, name, wanted))
    subject = name if wanted is None else f"{name}:{removed[0].id}"
    await store.by(deed(request, Action.MODEL_REMOVED, subject)).remove_versions(
        [each.id for each in removed]
    )
    if wanted is None:
        await _bring_back(request, name)
    body: messages.RemovedModel = {"model": name, "versions": [each.id for each in removed]}
    return answer(body)


async def version_of(request: Request, name: str, wanted: str) -> Listed:
    """The version of a model whose id begins so. Raises Error(NOT_FOUND)."""
    listed = [each for each in await services(request).store.versions(name) if can_run(each)]
    found = [each for each in listed if each.version.id.startswith(wanted)]
    if len(found) != 1 or len(wanted) < PREFIX_CHARACTERS_MIN:
        there = ", ".join(each.version.id for each in listed) or "none"
        raise Error(
            Code.NOT_FOUND, f"'{name}' has no version '{wanted}'{too_short(wanted)}. There are: {there}."
        )
    return found[0]


async def _before(request: Request, name: str) -> Listed:
    listed = [each for each in await services(request).store.versions(name) if can_run(each)]
    others = [each for each in listed if not each.is_current and each.current_at is not None]
    if not others:
        await existing(services(request).store, name)
        raise Error(Code.CONFLICT, f"'{name}' has no earlier version to go back to.")
    return others[0]


async def _added(request: Request, name: str) -> list[Version]:
    current = await existing(services(request).store, name)
    listed = await services(request).store.versions(current.model)
    found = [each.version for each in listed if each.version.manifest.is_snapshot]
    if not found or current.model != name:
        where = f"the folder {current.manifest.folder}, which the server reads when it starts"
        raise Error(Code.CONFLICT, f"'{name}' was not added: it comes from {where}.")
    return found


async def _one(request: Request, name: str, wanted: str) -> list[Version]:
    found = await version_of(request, name, wanted)
    if found.is_current:
        message = (
            f"{found.version.id} is the current version of '{name}': roll back first, or remove the model."
        )
        raise Error(Code.CONFLICT, message)
    return [found.version]


async def _bring_back(request: Request, name: str) -> None:
    """What the server read at its start under that name, and what was added hid."""
    at = services(request)
    reason = at.bench.environments.offline_reason
    versions, _ = await asyncio.to_thread(lambda: catalog.load(at.config, offline_reason=reason))
    for each in versions:
        if each.model == name:
            await at.store.register(each)

"""Models, as their operator sees them: also the hidden ones, and what they still need on this machine."""

import asyncio
import time
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from foretell import catalog
from foretell.api.answers import answer
from foretell.api.deeds import deed
from foretell.api.operations import operation
from foretell.api.requests import body_of, services
from foretell.audit import Action
from foretell.dialects.skytells import messages
from foretell.errors import Code
from foretell.model import Version
from foretell.weights import Environments, Weights


class Folder(msgspec.Struct):
    """A model folder on the server's machine, by its absolute path."""

    folder: str


_folder = msgspec.json.Decoder(Folder)


@operation(
    "List every model",
    tag="Operator",
    description="Hidden ones too, with what they need.",
    answer=messages.RegisteredModelList,
)
async def list_all(request: Request) -> Response:
    at = services(request)
    environments, weights = Environments(at.config.cache_path), Weights(at.config.cache_path)
    versions = await at.store.models()
    shown = await asyncio.to_thread(
        lambda: [rendered(each, ready=_is_ready(each, environments, weights)) for each in versions]
    )
    body: messages.RegisteredModelList = {"data": shown}
    return answer(body)


@operation(
    "Register a model",
    tag="Operator",
    description="Reads a folder on the server's machine and makes it its model's present version.",
    body=Folder,
    examples={"A folder": {"folder": "/srv/models/hello"}},
    answers={201: messages.RegisteredModel},
    errors=(Code.INVALID_REQUEST,),
)
async def register(request: Request) -> Response:
    """Reads the folder and makes it its model's current version. Raises Error when it is not a model."""
    wanted = await body_of(request, _folder)
    at = services(request)
    version = catalog.priced(await asyncio.to_thread(_read, wanted.folder), at.config.prices)
    doing = at.store.by(deed(request, Action.MODEL_REGISTERED, version.model))
    await doing.register(version)
    ready = _is_ready(version, Environments(at.config.cache_path), Weights(at.config.cache_path))
    return answer(rendered(version, ready=ready), 201)


def _read(folder: str) -> Version:
    return catalog.read_folder(Path(folder).absolute(), created_at=time.time_ns() // 1_000)


def _is_ready(version: Version, environments: Environments, weights: Weights) -> bool:
    return environments.is_ready(version.manifest) and weights.is_ready(version.manifest)


def rendered(version: Version, *, ready: bool) -> messages.RegisteredModel:
    return {
        "namespace": version.model,
        "version": version.id,
        "folder": version.manifest.folder,
        "hidden": version.manifest.hidden,
        "ready": ready,
        "offline_reason": version.offline_reason,
    }

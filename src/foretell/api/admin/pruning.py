"""Freeing what no version needs any more: environments and weights in the cache of the server's machine."""

import asyncio
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from foretell import catalog
from foretell.adding import Bench
from foretell.addition import State
from foretell.api.admin.models import can_run
from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.dialects.skytells import messages
from foretell.errors import Code, Error
from foretell.model import Manifest
from foretell.weights import Claims
from foretell.weights.pruning import Pruned, prune_environments, prune_weights


@operation(
    "Free what no model needs",
    tag="Adding models",
    description="Takes environments and weights that no version of this server needs out of the cache of its machine. "
    "What servers of other data directories on that machine have used stays. Refused while an addition is under way.",
    answer=messages.Pruning,
    errors=(Code.CONFLICT,),
)
async def prune(request: Request) -> Response:
    bench = services(request).bench
    if any(each.state is State.RUNNING for each in await bench.store.additions(limit=100)):
        raise Error(
            Code.CONFLICT, "An addition is under way; what it fetches is nobody's yet. Try again after it."
        )
    kept = [each.version.manifest for each in await bench.store.versions() if can_run(each)]
    kept += [each.manifest for each in await bench.store.models()]
    found = await asyncio.to_thread(_pruned, bench, kept)
    body: messages.Pruning = {
        "data": [{"name": each.name, "size_bytes": each.size_bytes} for each in found],
        "size_bytes": sum(each.size_bytes for each in found),
    }
    return answer(body)


def _pruned(bench: Bench, kept: list[Manifest]) -> list[Pruned]:
    versions, _ = catalog.load(bench.config)
    shipped: Iterable[Manifest] = (catalog.read_manifest(folder) for folder in catalog.built_in())
    every = [*kept, *(each.manifest for each in versions), *shipped]
    environments = {bench.environments.log_path(each).stem for each in every}
    weights = {weight.sha256 for each in every for weight in each.weights}
    cache = bench.config.cache_path
    claims = Claims(cache, bench.config.data_path)
    claims.keep_only(environments | weights)
    others = claims.of_others()
    return [*prune_environments(cache, environments | others), *prune_weights(cache, weights | others)]

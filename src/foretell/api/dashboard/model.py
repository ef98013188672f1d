"""The page of a model: the playground, code, inputs, examples and facts."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.dashboard.gallery import card, states_of
from foretell.api.dashboard.pages import page, shown
from foretell.api.reference.document import input_key, input_schema
from foretell.api.reference.pages import output_of
from foretell.api.reference.tables import kind, rows
from foretell.api.requests import caller, edge, origin, services
from foretell.model import Version

RESULTS = {"image": "picture", "video": "video", "audio": "recording", "music": "music"}


@page
async def show(request: Request) -> Response:
    """A model, by any of its names."""
    known = await edge(request).versions.find(request.path_params["slug"])
    caller(request).require_model(known.name, known.version.model)
    version = known.version
    states = await states_of(request, [known])
    given = input_schema(known)
    listed = await services(request).store.versions(version.model)
    return shown(
        request,
        "model.html",
        here="models",
        card=card(services(request).config, version, states),
        model=version.manifest,
        version=version,
        inputs=list(rows(given, {input_key(known.name): given})),
        output=kind(*output_of(known)),
        versions=[each.version for each in listed] if len(listed) > 1 else [],
        data=_data(request, version),
    )


def _data(request: Request, version: Version) -> str:
    """What the playground has to know, as JSON."""
    found: dict[str, Any] = {
        "model": version.model,
        "type": version.manifest.type,
        "version": version.id,
        "base": origin(request),
        "schema": version.input_schema,
        "output": version.output_schema,
        "streaming": version.streaming,
        "offline": version.offline_reason,
        "price": not version.manifest.pricing.is_free,
        "result": RESULTS.get(version.manifest.type, "text"),
        "mayRun": "run" in caller(request).scopes,
    }
    return json.dumps(found, ensure_ascii=False)

"""The hosted Replicate service, with the operator's token."""

import re
from typing import Any

from foretell.errors import Code, Error
from foretell.families.remote.asking import Asking
from foretell.families.remote.found import Found, common_settings
from foretell.families.remote.schemas import is_streaming, schemas_in, type_of

_NAME = re.compile(r"([\w.-]+)/([\w.-]+)(?::([\w.-]+))?")
HIDDEN = "hidden"
"""The version of models whose versions the service does not tell."""


async def of_replicate(asking: Asking) -> Found:
    """`owner/name`, its latest version, or `owner/name:version`."""
    wanted = _NAME.fullmatch(asking.wanted.model)
    if wanted is None:
        raise Error(Code.INVALID_REQUEST, "Say which model with --model owner/name, or owner/name:version.")
    owner, name, version = wanted.groups()
    url = asking.url if asking.url.endswith("/v1") else f"{asking.url}/v1"
    about = await asking.found(f"{url}/models/{owner}/{name}")
    latest = about.get("latest_version") or {}
    if version is not None and version != latest.get("id"):
        latest = await asking.found(f"{url}/models/{owner}/{name}/versions/{version}")
    given, made = schemas_in(latest.get("openapi_schema"), f"{asking.place}: {owner}/{name}")
    return _found(asking, url, about, (given, made), str(latest.get("id") or HIDDEN))


def _found(
    asking: Asking,
    url: str,
    about: dict[str, Any],
    schemas: tuple[dict[str, Any], dict[str, Any]],
    version: str,
) -> Found:
    given, made = schemas
    model = f"{about.get('owner')}/{about.get('name')}"
    description = str(about.get("description") or model)
    variable = asking.wanted.variable or ""
    settings = common_settings(url, model, variable, key_header="authorization")
    streams = is_streaming(made)
    return Found(
        kind="replicate",
        model=model,
        title=str(about.get("name")),
        type=asking.wanted.type or type_of(made, f"{model} {description}"),
        description=f"{description}\nRun elsewhere, by Replicate.",
        capabilities=("streaming",) if streams else (),
        predictor=f"replicate_model.py:{'StreamingModel' if streams else 'Model'}",
        # A version that is not told cannot be asked for: the model itself is.
        settings=settings | {"streams": streams, "version": "" if version == HIDDEN else version},
        variable=variable,
        input_schema=given,
        output_schema=made,
        license=str(about.get("license_url") or ""),
    )

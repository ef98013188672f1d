"""A Cog container over HTTP, started by whoever runs it."""

from typing import Any

from foretell.errors import Code, Error
from foretell.families.remote.asking import Asking
from foretell.families.remote.found import Found, common_settings
from foretell.families.remote.schemas import is_streaming, schemas_in, type_of


async def of_cog(asking: Asking) -> Found:
    """The container's only model."""
    document = await _document(asking)
    given, made = schemas_in(document, asking.place)
    streams = is_streaming(made)
    variable = asking.wanted.variable or ""
    name = asking.wanted.model or "cog-model"
    settings = common_settings(asking.url, name, variable, key_header="authorization")
    return Found(
        kind="cog",
        model=name,
        title=name,
        type=asking.wanted.type or type_of(made, name),
        description=f"{name}, run elsewhere in a Cog container.",
        capabilities=("streaming",) if streams else (),
        predictor=f"cog_model.py:{'StreamingModel' if streams else 'Model'}",
        settings=settings | {"streams": _says_events(document)},
        variable=variable,
        input_schema=given,
        output_schema=made,
        example=None if given.get("required") else {},
    )


async def _document(asking: Asking) -> dict[str, Any]:
    try:
        found = await asking.found(f"{asking.url}/openapi.json")
    except Error as error:
        if error.code is not Code.INVALID_REQUEST:
            raise
        message = f"{asking.place} does not say what its model takes, as Cog containers do. {error.message}"
        raise Error(Code.INVALID_REQUEST, message) from error
    return found if isinstance(found, dict) else {}


def _says_events(document: dict[str, Any]) -> bool:
    """Whether the server tells of a run as it goes on."""
    paths = document.get("paths")
    route = paths.get("/predictions") if isinstance(paths, dict) else None
    post = route.get("post") if isinstance(route, dict) else None
    return isinstance(post, dict) and bool(post.get("x-cog-streaming"))

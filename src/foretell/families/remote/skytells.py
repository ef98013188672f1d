"""Another Foretell, and the Skytells service: the same routes, of which the service has fewer."""

from typing import Any

from foretell.errors import Code, Error
from foretell.families.remote.asking import Asking
from foretell.families.remote.found import Found, common_settings
from foretell.families.remote.schemas import is_streaming

HEADER = "x-api-key"
TYPES = ("image", "video", "audio", "music", "text", "embedding")
NAMES_SHOWN = 12


async def of_foretell(asking: Asking) -> Found:
    """A model of another Foretell: found again over attempts, and large files uploaded."""
    return await _of(asking, "foretell", is_ours=True)


async def of_skytells(asking: Asking) -> Found:
    """A model of the Skytells service."""
    return await _of(asking, "skytells", is_ours=False)


async def _of(asking: Asking, kind: str, *, is_ours: bool) -> Found:
    url, variable = asking.url.removesuffix("/v1"), asking.wanted.variable or ""
    about = await _about(asking, url)
    given, made = about.get("input_schema"), about.get("output_schema") or {}
    if not isinstance(given, dict) or not isinstance(made, dict):
        raise Error(Code.INVALID_REQUEST, f"{asking.place} does not say what '{about['namespace']}' takes.")
    streams = is_streaming(made)
    settings = common_settings(url, about["namespace"], variable, key_header=HEADER)
    capabilities = tuple(each for each in about.get("capabilities") or () if each != "sandbox")
    return Found(
        kind=kind,
        model=str(about["namespace"]),
        title=str(about.get("name") or about["namespace"]),
        type=asking.wanted.type or _type(about, capabilities),
        description=str(about.get("description") or f"{about['namespace']}, run elsewhere."),
        capabilities=capabilities,
        predictor=f"foretell_model.py:{'StreamingModel' if streams else 'Model'}",
        files=("uploads.py",),
        settings=settings | {"streams": streams, "idempotent": is_ours, "uploads": is_ours},
        variable=variable,
        input_schema=given,
        output_schema=made,
        license=str((about.get("metadata") or {}).get("license") or ""),
        # To try it is not to cost anything.
        example={} if is_ours and not given.get("required") and not about.get("billable") else None,
    )


async def _about(asking: Asking, url: str) -> dict[str, Any]:
    wanted = asking.wanted.model
    if not wanted:
        listed = await asking.found(f"{url}/v1/models", header=HEADER)
        names = [str(each.get("namespace")) for each in listed if isinstance(each, dict)]
        if len(names) != 1:
            there = ", ".join(names[:NAMES_SHOWN]) + (" and others" if names[NAMES_SHOWN:] else "")
            message = (
                f"{asking.place} has {len(names)} models: say which with --model NAME. There are {there}."
            )
            raise Error(Code.INVALID_REQUEST, message)
        wanted = names[0]
    found = await asking.found(f"{url}/v1/models/{wanted}?fields=input_schema,output_schema", header=HEADER)
    if not isinstance(found, dict) or not isinstance(found.get("namespace"), str):
        raise Error(Code.INVALID_REQUEST, f"{asking.place} answers something that is no model of Skytells'.")
    return found


def _type(about: dict[str, Any], capabilities: tuple[str, ...]) -> str:
    # Its clients do not know this type, so that it is called text there.
    if "embeddings" in capabilities:
        return "embedding"
    return str(about.get("type")) if about.get("type") in TYPES else "text"

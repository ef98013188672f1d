"""The OpenAI dialect, as far as models go."""

from typing import Any

from foretell.model import Version


def render_model(version: Version) -> dict[str, Any]:
    """A model in OpenAI's words; its age is in whole seconds since the epoch."""
    return {
        "id": version.model,
        "object": "model",
        "created": version.created_at // 1_000_000,
        "owned_by": version.manifest.vendor.slug,
    }


def render_models(versions: list[Version]) -> dict[str, Any]:
    """A list of models in OpenAI's words."""
    return {"object": "list", "data": [render_model(version) for version in versions]}

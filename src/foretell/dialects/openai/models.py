"""The OpenAI dialect, as far as models go."""

from typing import Any

from foretell.model import Version


def render_model(name: str, version: Version) -> dict[str, Any]:
    """A model under one of its names; its age is in whole seconds since the epoch."""
    return {
        "id": name,
        "object": "model",
        "created": version.created_at // 1_000_000,
        "owned_by": version.manifest.vendor.slug,
    }


def render_models(named: list[tuple[str, Version]]) -> dict[str, Any]:
    """A list of models in OpenAI's words."""
    return {"object": "list", "data": [render_model(name, version) for name, version in named]}

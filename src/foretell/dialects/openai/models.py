"""The OpenAI dialect, as far as models go."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.model import Version


class ModelObject(TypedDict):
    """A model in OpenAI's words."""

    id: Annotated[str, Meta(examples=["deepbrain"])]
    object: Literal["model"]
    created: Annotated[int, Meta(description="In seconds since the epoch.", examples=[1772659258])]
    owned_by: Annotated[str, Meta(examples=["foretell"])]


class ModelObjectList(TypedDict):
    """Models in OpenAI's words."""

    object: Literal["list"]
    data: list[ModelObject]


def render_model(name: str, version: Version) -> ModelObject:
    """A model under one of its names; its age is in whole seconds since the epoch."""
    return {
        "id": name,
        "object": "model",
        "created": version.created_at // 1_000_000,
        "owned_by": version.manifest.vendor.slug,
    }


def render_models(named: list[tuple[str, Version]]) -> ModelObjectList:
    """A list of models in OpenAI's words."""
    return {"object": "list", "data": [render_model(name, version) for name, version in named]}

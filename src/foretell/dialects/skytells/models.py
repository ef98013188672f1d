"""Models, as strict clients of this dialect decode them."""

from collections.abc import Collection
from typing import Literal, cast, get_args

from foretell.chat import is_for_chat
from foretell.dialects.skytells import messages
from foretell.dialects.skytells.prices import render_pricing
from foretell.model import Alias, Version

WireType = Literal["image", "video", "audio", "music", "text"]
_WIRE_TYPES: frozenset[str] = frozenset(get_args(WireType))


def wire_type(model_type: str) -> WireType:
    """A model's type in a word every client knows: an unknown one breaks a strict client's whole list."""
    return cast(WireType, model_type) if model_type in _WIRE_TYPES else "text"


def render_model(
    version: Version, *, fields: Collection[str] = (), name: str | None = None, alias: Alias | None = None
) -> messages.Model:
    """A model, under `name` where that is not its own; `fields` may add `input_schema` and `output_schema`.

    Under another's name, which `alias` gives it, it says what it really is.
    """
    manifest = version.manifest
    body: messages.Model = {
        "name": manifest.name,
        "description": manifest.description,
        "namespace": name or manifest.namespace,
        "type": wire_type(manifest.type),
        "privacy": "public",
        "img_url": None,
        "vendor": _vendor(version),
        "billable": not manifest.pricing.is_free,
        "pricing": render_pricing(manifest.pricing),
        "capabilities": list(manifest.capabilities),
        "metadata": _metadata(version, name or manifest.namespace),
        "status": "operational" if version.offline_reason is None else "offline",
        "service": {"type": "prediction_serving", "inference_party": "self_hosted"},
    }
    if alias is not None:
        is_stand_in = "sandbox" in manifest.capabilities
        says = alias.says if alias.says and not is_stand_in else f"{manifest.name}."
        says = f"A stand-in for {says}" if is_stand_in else says
        body["description"] = f"{says} It answers to '{alias.name}' here.\n\n{manifest.description}"
        body["metadata"]["alias_of"] = alias.runs
        body["metadata"]["runs"] = says
    if "input_schema" in fields:
        body["input_schema"] = version.input_schema
    if "output_schema" in fields:
        body["output_schema"] = version.output_schema
    return body


def _vendor(version: Version) -> messages.VendorMessage:
    vendor = version.manifest.vendor
    return {
        "name": vendor.name,
        "description": vendor.description,
        "image_url": vendor.image_url,
        "verified": vendor.verified,
        "slug": vendor.slug,
        "metadata": None,
    }


def _metadata(version: Version, name: str) -> messages.ModelMetadata:
    return {
        "edge_compatible": False,
        "openai_compatible": is_for_chat(version, name),
        "cold_boot": True,
        "deployment_hardware": {"type": "cpu", "slug": "local"},
        "version": version.id,
        "streaming": version.streaming,
        "license": version.manifest.license,
        "offline_reason": version.offline_reason,
    }

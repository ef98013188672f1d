"""Previewing: what a create would do and what it may cost, without doing it."""

from starlette.requests import Request

from foretell.api.creating import checked, estimated, find_model
from foretell.api.wish import Wish
from foretell.dialects.skytells import messages
from foretell.dialects.skytells.prices import render_pricing
from foretell.schema import without_secrets


async def previewed(request: Request, wish: Wish) -> messages.DryRun:
    """The checked input and its price. Raises what creating raises for what cannot be right."""
    known = await find_model(request, wish.model, hidden=wish.hidden)
    new = await checked(request, wish, known)
    estimate = estimated(known, new.input)
    return {
        "dry_run": True,
        "model": {"name": known.name, "version": known.version.id},
        "input": without_secrets(known.version.input_schema, new.input),
        "estimate": {
            "credits": estimate.nanocredits / 1_000_000_000,
            "nanocredits": estimate.nanocredits,
            "is_upper_bound": estimate.is_upper_bound,
        },
        "pricing": render_pricing(known.version.manifest.pricing),
    }

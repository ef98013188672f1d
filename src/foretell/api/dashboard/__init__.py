"""The dashboard: pages for people, made on the server, whose scripts use the public API and nothing else."""

from starlette.routing import Route

from foretell.api import examples
from foretell.api.dashboard import (
    account,
    gallery,
    keys,
    model,
    operating,
    predictions,
    signing_in,
    usage,
    webhooks,
)
from foretell.api.dashboard.assets import asset
from foretell.api.dashboard.pages import front_door, missing, wants_page

__all__ = ["front_door", "missing", "routes", "wants_page"]

routes = [
    Route("/models", gallery.show, methods=["GET"]),
    Route("/models/{slug:path}/examples/{number:int}/{name}", examples.example_file, methods=["GET"]),
    Route("/models/{slug:path}", model.show, methods=["GET"]),
    Route("/predictions", predictions.index, methods=["GET"]),
    Route("/predictions/{id}", predictions.show, methods=["GET"]),
    Route("/keys", keys.show, methods=["GET"]),
    Route("/webhooks", webhooks.show, methods=["GET"]),
    Route("/usage", usage.show, methods=["GET"]),
    Route("/sign-in", signing_in.form, methods=["GET"]),
    Route("/sign-in", signing_in.sign_in, methods=["POST"]),
    Route("/sign-out", signing_in.sign_out, methods=["POST"]),
    Route("/account", account.show, methods=["GET"]),
    *operating.routes,
    Route("/assets/dashboard/{state}/{name}", asset, methods=["GET"]),
]
"""Every page, and what the pages need. Each page says by its wrapper in `pages` who may see it."""

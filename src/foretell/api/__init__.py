"""HTTP in: every URL on one screen."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from foretell import account
from foretell.api import admin, dashboard, files, health, keys, measuring, reference, sign_ins, uploads
from foretell.api.auth import Handler, keyed, open_to_all, operators_only
from foretell.api.edge import Edge
from foretell.api.openai import audio, chat, embeddings, images, moderations, responses
from foretell.api.services import Services
from foretell.api.skytells import (
    create,
    deliveries,
    endpoints,
    inbox,
    listing,
    models,
    predictions,
    signing,
    usage,
)

__all__ = ["Services", "app"]

MANAGE = account.Scope.MANAGE
"""Said where the method says less: GET needs `read`, POST `run`, all else `manage`."""


def app(services: Services) -> Edge:
    """The whole API as one ASGI app."""
    return Edge(services, Router(_routes(), redirect_slashes=False, default=_unknown))


def _routes() -> list[BaseRoute]:
    return [
        *_predicting(),
        *_speaking_openai(),
        *_own(),
        _route("GET", "/files/{token}/{name}", files.get),
        _route("GET", "/healthz", health.alive),
        _route("GET", "/readyz", health.ready),
        _route("GET", "/metrics", operators_only(measuring.get, account.Scope.READ)),
        _route("GET", "/", dashboard.front_door(health.index)),
        *admin.routes,
        *reference.routes,
        *dashboard.routes,
    ]


def _predicting() -> list[BaseRoute]:
    return [
        _route("POST", "/v1/predict", keyed(create.predict)),
        _route("POST", "/v1/predictions", keyed(create.predictions)),
        _route("GET", "/v1/predictions/{id}", open_to_all(predictions.get)),
        _route("GET", "/v1/predictions/{id}/stream", open_to_all(predictions.get_stream)),
        _route("GET", "/v1/predictions/{id}/deliveries", keyed(deliveries.index)),
        _route("POST", "/v1/predictions/{id}/deliveries/{delivery}/resend", keyed(deliveries.resend, MANAGE)),
        _route("POST", "/v1/predictions/{id}/cancel", keyed(predictions.cancel)),
        _route("DELETE", "/v1/predictions/{id}", keyed(predictions.delete)),
        _route("DELETE", "/v1/predictions/{id}/delete", keyed(predictions.delete)),
        _route("GET", "/v1/predictions", keyed(listing.index)),
        _route("GET", "/v1/models", keyed(models.index)),
        _route("GET", "/v1/models/{slug:path}", keyed(models.get)),
        _route("GET", "/v1/model/{slug:path}", keyed(models.get)),
        _route("POST", "/v1/files", keyed(uploads.create)),
        _route("GET", "/v1/files", keyed(uploads.index)),
        _route("GET", "/v1/files/{id}", keyed(uploads.get)),
        _route("GET", "/v1/files/{id}/content", keyed(uploads.get_content)),
        _route("DELETE", "/v1/files/{id}", keyed(uploads.delete)),
    ]


def _speaking_openai() -> list[BaseRoute]:
    return [
        _route("POST", "/v1/chat/completions", keyed(chat.create)),
        _route("POST", "/v1/responses", keyed(responses.create)),
        _route("GET", "/v1/responses/{id}", keyed(responses.get)),
        _route("DELETE", "/v1/responses/{id}", keyed(responses.delete)),
        _route("POST", "/v1/responses/{id}/cancel", keyed(responses.cancel)),
        _route("GET", "/v1/responses/{id}/input_items", keyed(responses.input_items)),
        _route("POST", "/v1/embeddings", keyed(embeddings.create)),
        _route("POST", "/v1/moderations", keyed(moderations.create)),
        _route("POST", "/v1/images/generations", keyed(images.generate)),
        _route("POST", "/v1/images/edits", keyed(images.edit)),
        _route("POST", "/v1/audio/speech", keyed(audio.speak)),
        _route("POST", "/v1/audio/transcriptions", keyed(audio.transcribe)),
    ]


def _own() -> list[BaseRoute]:
    """What a caller's account was told, owes and may use."""
    return [
        _route("GET", "/v1/account", keyed(sign_ins.who)),
        _route("GET", "/v1/sessions", keyed(sign_ins.index, MANAGE)),
        _route("DELETE", "/v1/sessions/{session}", keyed(sign_ins.end, MANAGE)),
        _route("GET", "/v1/usage", keyed(usage.index)),
        _route("GET", "/v1/webhooks/deliveries", keyed(inbox.index)),
        _route("GET", "/v1/webhooks/deliveries/{id}", keyed(inbox.get)),
        _route("POST", "/v1/webhooks/deliveries/{id}/redeliver", keyed(inbox.redeliver, MANAGE)),
        _route("POST", "/v1/webhooks/redeliver", keyed(inbox.redeliver_failed, MANAGE)),
        _route("GET", "/v1/webhooks/endpoints", keyed(endpoints.index)),
        _route("POST", "/v1/webhooks/endpoints/{id}/resume", keyed(endpoints.resume, MANAGE)),
        _route("GET", "/v1/webhooks/secret", keyed(signing.get, MANAGE)),
        _route("POST", "/v1/webhooks/secret/rotate", keyed(signing.rotate, MANAGE)),
        _route("GET", "/v1/keys", keyed(keys.index, MANAGE)),
        _route("POST", "/v1/keys", keyed(keys.create, MANAGE)),
        _route("GET", "/v1/keys/{key}", keyed(keys.get, MANAGE)),
        _route("PATCH", "/v1/keys/{key}", keyed(keys.change, MANAGE)),
        _route("DELETE", "/v1/keys/{key}", keyed(keys.revoke, MANAGE)),
        _route("POST", "/v1/keys/{key}/rotate", keyed(keys.rotate, MANAGE)),
        _route("GET", "/v1/keys/{key}/credits", keyed(keys.credits, MANAGE)),
    ]


def _route(method: str, path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=[method])


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing is at that address: a page says so to browsers, an envelope to programs."""
    request = Request(scope, receive)
    if not dashboard.wants_page(request):
        raise HTTPException(404)
    await (await dashboard.missing(request))(scope, receive, send)

"""The addresses of the operator's pages."""

from starlette.routing import Route

from foretell.api.dashboard import accounts, insight, overview, registry

routes = [
    Route("/operator", overview.show, methods=["GET"]),
    Route("/operator/models", registry.index, methods=["GET"]),
    Route("/operator/models/{slug:path}", registry.one, methods=["GET"]),
    Route("/operator/additions/{id}", registry.addition, methods=["GET"]),
    Route("/operator/accounts", accounts.index, methods=["GET"]),
    Route("/operator/accounts/{account}", accounts.one, methods=["GET"]),
    Route("/operator/errors", insight.errors, methods=["GET"]),
    Route("/operator/settings", insight.in_force, methods=["GET"]),
    Route("/operator/audit", insight.audit, methods=["GET"]),
]

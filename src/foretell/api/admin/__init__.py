"""The operator's routes, under `/v1/admin/`: accounts, keys, webhook secrets, models."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from foretell.api import sign_ins
from foretell.api.admin import (
    accounts,
    additions,
    audit,
    credits,
    keys,
    lanes,
    models,
    nodes,
    pruning,
    retention,
    settings,
    signing,
    troubles,
    versions,
)
from foretell.api.auth import operators_only


class _Whole(Convertor[str]):
    """A model's name, `owner/name` too, that is not the beginning of another address about it."""

    regex = r"(?!.*/(?:rollback|test|pull|logs|pause|resume)$)[^/]+(?:/[^/]+)?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("whole", _Whole())

routes = [
    Route("/v1/admin/audit", operators_only(audit.index), methods=["GET"]),
    Route("/v1/admin/accounts", operators_only(accounts.list_all), methods=["GET"]),
    Route("/v1/admin/accounts", operators_only(accounts.create), methods=["POST"]),
    Route("/v1/admin/accounts/{account}", operators_only(accounts.change), methods=["PATCH"]),
    Route(
        "/v1/admin/accounts/{account}/webhook-secret",
        operators_only(signing.account_secret),
        methods=["POST"],
    ),
    Route("/v1/admin/accounts/{account}/credits", operators_only(credits.show), methods=["GET"]),
    Route("/v1/admin/accounts/{account}/credits", operators_only(credits.add), methods=["POST"]),
    Route("/v1/admin/accounts/{account}/credits", operators_only(credits.change), methods=["PATCH"]),
    Route("/v1/admin/sign-in-links", operators_only(sign_ins.offer), methods=["POST"]),
    Route("/v1/admin/keys", operators_only(keys.list_all), methods=["GET"]),
    Route("/v1/admin/keys", operators_only(keys.create), methods=["POST"]),
    Route("/v1/admin/keys/{key}", operators_only(keys.get), methods=["GET"]),
    Route("/v1/admin/keys/{key}", operators_only(keys.change), methods=["PATCH"]),
    Route("/v1/admin/keys/{key}/rotate", operators_only(keys.rotate), methods=["POST"]),
    Route("/v1/admin/keys/{key}", operators_only(keys.revoke), methods=["DELETE"]),
    Route("/v1/admin/keys/{key}/webhook-secret", operators_only(signing.key_secret), methods=["POST"]),
    Route("/v1/admin/keys/{key}/retention", operators_only(retention.change_key), methods=["PATCH"]),
    Route("/v1/admin/keys/{key}/credits", operators_only(keys.credits), methods=["GET"]),
    Route("/v1/admin/keys/{key}/credits", operators_only(credits.change_key), methods=["PATCH"]),
    Route("/v1/admin/models", operators_only(models.list_all), methods=["GET"]),
    Route("/v1/admin/models", operators_only(additions.add), methods=["POST"]),
    Route("/v1/admin/models/{model:path}/rollback", operators_only(versions.rollback), methods=["POST"]),
    Route("/v1/admin/models/{model:path}/test", operators_only(additions.test), methods=["POST"]),
    Route("/v1/admin/models/{model:path}/pull", operators_only(additions.pull), methods=["POST"]),
    Route("/v1/admin/models/{model:path}/logs", operators_only(additions.logs), methods=["GET"]),
    Route("/v1/admin/models/{model:whole}", operators_only(models.get), methods=["GET"]),
    Route("/v1/admin/models/{model:whole}", operators_only(versions.remove), methods=["DELETE"]),
    Route("/v1/admin/prune", operators_only(pruning.prune), methods=["POST"]),
    Route("/v1/admin/additions", operators_only(additions.index), methods=["GET"]),
    Route("/v1/admin/additions/{addition}", operators_only(additions.get), methods=["GET"]),
    Route("/v1/admin/additions/{addition}", operators_only(additions.cancel), methods=["DELETE"]),
    Route("/v1/admin/models/{model:path}/pause", operators_only(nodes.pause_model), methods=["POST"]),
    Route("/v1/admin/models/{model:path}/resume", operators_only(nodes.resume_model), methods=["POST"]),
    Route("/v1/admin/lanes", operators_only(lanes.index), methods=["GET"]),
    Route("/v1/admin/troubles", operators_only(troubles.index), methods=["GET"]),
    Route("/v1/admin/settings", operators_only(settings.index), methods=["GET"]),
    Route("/v1/admin/nodes", operators_only(nodes.index), methods=["GET"]),
    Route("/v1/admin/nodes/{node}/drain", operators_only(nodes.drain), methods=["POST"]),
    Route("/v1/admin/nodes/{node}/resume", operators_only(nodes.resume), methods=["POST"]),
    Route("/v1/admin/replicas/{replica}/unload", operators_only(nodes.unload), methods=["POST"]),
]
"""Every operator's route."""

"""What the filters and forms of pages let one choose from."""

from starlette.requests import Request

from foretell.account import Account, Key, Scope
from foretell.api.requests import caller, edge, services


async def models_of(request: Request) -> list[tuple[str, str]]:
    """The models that the visitor may run: each one's name as the API knows it, and as people do."""
    own = caller(request)
    return sorted(
        (each.version.model, each.version.manifest.name)
        for each in await edge(request).versions.listed()
        if each.name == each.version.model and own.may_run(each.name, each.version.model)
    )


async def keys_of(request: Request) -> list[Key]:
    """The keys of the visitor's account, those in use first; none where the visitor may not look at keys."""
    own = caller(request)
    if Scope.MANAGE not in own.scopes:
        return []
    found = await services(request).store.keys(own.account.id)
    return sorted(found, key=lambda each: (each.revoked_at is not None, each.name))


async def accounts_of(request: Request) -> list[Account]:
    """Every account, for operators whose key may manage; for anybody else none."""
    own = caller(request)
    if not own.is_operator or Scope.MANAGE not in own.scopes:
        return []
    return sorted(await services(request).store.accounts(), key=lambda each: each.name)

"""Unloading what nobody can ask for any more."""

from foretell.store import Store
from foretell.store.nodes import Readiness


async def unload(store: Store, version_id: str) -> None:
    """Every node ends its processes of a version, once they have nothing left to run."""
    for each in await store.replicas():
        if each.version_id == version_id and each.state is not Readiness.DEAD:
            await store.unload(each.id)

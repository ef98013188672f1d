"""Which version a model's name means to its operator."""

from foretell.adding.bench import Bench
from foretell.errors import Code, Error
from foretell.model import Version


async def named(bench: Bench, model: str) -> Version:
    """The version of that id behind a colon, else the current one. Error(MODEL_NOT_FOUND)."""
    name, _, version_id = model.partition(":")
    for each in await bench.store.versions(name) if version_id else ():
        if each.version.id == version_id:
            return each.version
    return await current(bench, model)


async def current(bench: Bench, model: str) -> Version:
    """The current version of the model, also of a hidden one. Error(MODEL_NOT_FOUND)."""
    for each in await bench.store.models():
        if model in {each.model, *each.manifest.aliases}:
            return each
    raise Error(
        Code.MODEL_NOT_FOUND, f"There is no model '{model}'. 'foretell models list' shows what there is."
    )

"""Which version a model's name means to its operator."""

from foretell.adding.bench import Bench
from foretell.errors import Code, Error
from foretell.model import Version


async def current(bench: Bench, model: str) -> Version:
    """The current version of the model, also of a hidden one. Error(MODEL_NOT_FOUND)."""
    for each in await bench.store.models():
        if model in {each.model, *each.manifest.aliases}:
            return each
    raise Error(
        Code.MODEL_NOT_FOUND, f"There is no model '{model}'. 'foretell models list' shows what there is."
    )

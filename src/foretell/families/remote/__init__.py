"""Models that run elsewhere: asks another server what it has, and writes a folder whose predictor runs it there."""

from collections.abc import Mapping
from dataclasses import replace

from foretell.families.remote.asking import Asking, Wanted
from foretell.families.remote.cog import of_cog
from foretell.families.remote.folders import write_folder
from foretell.families.remote.found import Found
from foretell.families.remote.kinds import KINDS, kind_at, usual_variable
from foretell.families.remote.openai import TASKS, of_openai
from foretell.families.remote.replicate import of_replicate
from foretell.families.remote.skytells import TYPES, of_foretell, of_skytells

__all__ = ["KINDS", "TASKS", "TYPES", "Found", "Wanted", "survey", "write_folder"]

SURVEYS = {
    "openai": of_openai,
    "foretell": of_foretell,
    "skytells": of_skytells,
    "cog": of_cog,
    "replicate": of_replicate,
}


async def survey(wanted: Wanted, environment: Mapping[str, str]) -> Found:
    """The model that is meant, as the server at `wanted.url` describes it. `environment` may hold the key.

    Error(INVALID_REQUEST) says what it answered when it cannot be told, and which models there are.
    """
    async with Asking(wanted) as asking:
        kind = wanted.kind or await kind_at(asking)
        variable = usual_variable(kind, asking.host) if wanted.variable is None else wanted.variable
    known = replace(wanted, kind=kind, variable=variable, key=environment.get(variable, "").strip())
    async with Asking(known) as asking:
        return await SURVEYS[kind](asking)

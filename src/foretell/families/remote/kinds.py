"""What kind of server there is, found out by asking where nobody says it."""

from foretell.errors import Code, Error
from foretell.families.remote.asking import Asking

KINDS = ("openai", "foretell", "cog", "skytells", "replicate")
_HOSTED = {
    "api.replicate.com": "replicate",
    "api.skytells.ai": "skytells",
    "edge.skytells.ai": "skytells",
    "api.openai.com": "openai",
}


def usual_variable(kind: str, host: str | None) -> str:
    """The variable in which the key for a service is by custom; "" where there is no custom."""
    if kind == "openai":
        return "OPENAI_API_KEY" if host == "api.openai.com" else ""
    return {"skytells": "SKYTELLS_API_KEY", "replicate": "REPLICATE_API_TOKEN"}.get(kind, "")


async def kind_at(asking: Asking) -> str:
    """One of KINDS. Error(INVALID_REQUEST) when the server is none of them."""
    if asking.host in _HOSTED:
        return _HOSTED[asking.host]
    _, door = await asking.looked(f"{asking.url.removesuffix('/v1')}/")
    if isinstance(door, dict) and door.get("name") == "foretell":
        return "foretell"
    if isinstance(door, dict) and "cog_version" in door:
        return "cog"
    for url in (f"{asking.url}/models", f"{asking.url}/v1/models"):
        status, listed = await asking.looked(url)
        is_list = isinstance(listed, dict) and isinstance(listed.get("data"), list)
        if is_list or (status in {401, 403} and isinstance(listed, dict)):
            return "openai"
    message = f"What {asking.place} is cannot be found out. Say it: --kind {' | '.join(KINDS)}."
    raise Error(Code.INVALID_REQUEST, message)

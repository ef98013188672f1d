"""Settings in force: what the server runs with, and where each value comes from. Secrets stay hidden."""

import os
from dataclasses import MISSING, Field, fields
from typing import Any, Literal
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from foretell.api.answers import answer
from foretell.api.operations import operation
from foretell.api.requests import services
from foretell.config import Config
from foretell.dialects.skytells import messages

SECRETS = frozenset({"key", "secret"})
HIDDEN = "(set)"


@operation(
    "List settings",
    tag="Operator",
    description="Everything that the server runs with, and where each value comes from. Secrets are not shown.",
    answer=messages.SettingList,
)
async def index(request: Request) -> Response:
    body: messages.SettingList = {"data": in_force(services(request).config)}
    return answer(body)


def in_force(config: Config) -> list[messages.SettingMessage]:
    """Every setting, in the order of its page."""
    return [_setting(each, getattr(config, each.name)) for each in fields(Config)]


def _setting(setting: Field[Any], value: Any) -> messages.SettingMessage:
    default = setting.default_factory() if setting.default_factory is not MISSING else setting.default
    variable = f"FORETELL_{setting.name.upper()}"
    return {
        "name": setting.name,
        "value": _shown(setting.name, value),
        "default": default,
        "origin": "default" if value == default else _origin(variable, value),
        "variable": variable,
        "sentence": setting.metadata["sentence"],
    }


def _origin(variable: str, value: Any) -> Literal["environment", "given"]:
    # A file or an option may say otherwise than the environment, and the option then wins.
    said = os.environ.get(variable)
    if said is None:
        return "given"
    is_same = said == str(value) or not isinstance(value, str)
    return "environment" if is_same else "given"


def _shown(name: str, value: Any) -> Any:
    if name in SECRETS and value:
        return HIDDEN
    if name == "database" and "@" in value:
        parts = urlsplit(value)
        return parts._replace(netloc=f"…@{parts.netloc.rpartition('@')[2]}", query="").geturl()
    return value

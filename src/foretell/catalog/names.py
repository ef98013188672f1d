"""More names for models: the vendor's and OpenAI's, which a file beside this one says, and the operator's own."""

import re
import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources
from typing import Any

from foretell.catalog.tables import Problems, nearest, read_table
from foretell.config import Config
from foretell.errors import Code, Error
from foretell.model import Alias

_TOKENS = re.compile(r"(cl100k_base)?")
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)


def aliases(config: Config) -> list[Alias]:
    """Every further name, the operator's own first. Error(INVALID_REQUEST) says what is wrong with those."""
    problems = Problems()
    own = [_own(name, found, problems) for name, found in config.names.items()]
    if problems:
        raise Error(Code.INVALID_REQUEST, "\n".join(problems), details=tuple(problems))
    return [*own, *(shipped() if config.vendor_names else ())]


def unknown(config: Config, models: Collection[str]) -> list[str]:
    """What in the operator's names and prices is about a model that is not there, a sentence each."""
    named = [(f"names.{each.name}", each.runs) for each in aliases(config) if each.name in config.names]
    meant = [*named, *((f"prices.{name}", name) for name in config.prices)]
    return [
        f"'{place}': there is no model '{model}'{nearest(model, models)}"
        for place, model in meant
        if model not in models
    ]


@cache
def shipped() -> tuple[Alias, ...]:
    """The names that come with Foretell."""
    text = (resources.files("foretell.catalog") / "names.toml").read_text()
    return tuple(_each(tomllib.loads(text)["alias"]))


def _each(groups: Iterable[dict[str, Any]]) -> Iterable[Alias]:
    for group in groups:
        for name in group["names"]:
            yield Alias(
                name=name,
                runs=group["runs"],
                says=group["says"],
                tokens=group.get("tokens", ""),
                ignore=tuple(group.get("ignore", ())),
                rename=group.get("rename", {}),
            )


def _own(name: str, found: Any, problems: Problems) -> Alias:
    """A name that the operator gives: to a model's name, or to a table."""
    place = f"names.{name}"
    problems.match(place, name, _NAME, "letters, digits, '.', '_' and '-'")
    table = {"runs": found} if isinstance(found, str) else found
    before = len(problems)
    values = read_table(place, table, Alias, problems, known_besides=("name",))
    problems.match(f"{place}.tokens", values.get("tokens"), _TOKENS, "cl100k_base")
    renamed = values.get("rename", {}).values()
    if not all(isinstance(each, str) for each in renamed):
        problems.append(f"'{place}.rename' must give each input the name of another")
    return Alias(name=name, **values) if len(problems) == before else Alias(name=name, runs="")

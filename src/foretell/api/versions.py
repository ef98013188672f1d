"""Versions: which model a caller means, and its compiled input schema."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from foretell.errors import Code, Error
from foretell.model import Alias, Version
from foretell.schema import InputSchema
from foretell.store import Store

LIFE_SECONDS = 10.0
"""How long the list is trusted when no notice says that it changed."""

FORMER_MAX = 1_000
"""How many versions are kept beside the current ones, for old predictions."""
PREFIX_CHARACTERS_MIN = 6
"""How much of a version's id tells it from others."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A version with its schema compiled, under one of its names: its model's own or an alias.

    `alias` is there where the name is none that the model has of itself. `namesake` says what a vendor's model
    of the very same name takes besides.
    """

    name: str
    version: Version
    schema: InputSchema
    alias: Alias | None = None
    namesake: Alias | None = None

    def translated(self, given: dict[str, Any]) -> dict[str, Any]:
        """The input in the model's own words, where it was asked for by a name that another model has too."""
        other = self.alias or self.namesake
        return given if other is None else other.translated(given, self.schema.names)


class Versions:
    """The current versions, read once and kept until they change."""

    def __init__(self, store: Store, aliases: Sequence[Alias] = ()) -> None:
        self._store = store
        self._aliases = aliases
        self._by_name: dict[str, Known] = {}
        self._by_id: dict[str, Known] = {}
        self._former: dict[str, Known] = {}
        self._good_until = 0.0

    def forget(self) -> None:
        """Reads them anew at the next use."""
        self._good_until = 0.0

    async def listed(self, *, aliases: bool = False) -> list[Known]:
        """What a caller may ask for, by name; a model comes once under each name it has of itself.

        With `aliases` also the other names, of which there are many.
        """
        await self._refresh()
        named = (known for word, known in self._by_name.items() if word == known.name)
        return sorted((each for each in named if aliases or each.alias is None), key=_name)

    def named(self, name: str) -> Known | None:
        """The model of exactly this name, if nothing has to be read for it."""
        return self._by_name.get(name) if time.monotonic() < self._good_until else None

    async def find(self, name: str) -> Known:
        """The model of this slug, `vendor/slug` or alias, in any case. Raises Error(MODEL_NOT_FOUND).

        `name:version` is another version of it than the current one, by its id or the beginning of that.
        """
        await self._refresh()
        named, colon, version = name.rpartition(":")
        if colon and named and name not in self._by_name:
            return await self._at(await self.find(named), version)
        slug = name.rsplit("/", 1)[-1]
        for word in (name, slug, name.casefold(), slug.casefold()):
            if word in self._by_name:
                return self._by_name[word]
        shown = name if len(name) <= 100 else f"{name[:99]}…"
        raise Error(Code.MODEL_NOT_FOUND, f"There is no model '{shown}'. GET /v1/models lists what there is.")

    async def _at(self, known: Known, wanted: str) -> Known:
        """Another version of a model, under the same name. Of what was not added only the current one is there."""
        if len(wanted) >= PREFIX_CHARACTERS_MIN:
            listed = await self._store.versions(known.version.model)
            there = [each for each in listed if each.is_current or each.version.manifest.is_snapshot]
            found = [each.version for each in there if each.version.id.startswith(wanted)]
            if len(found) == 1:
                at = await self.of(found[0].id)
                if at is not None:
                    return replace(known, version=at.version, schema=at.schema)
        shown = wanted if len(wanted) <= 100 else f"{wanted[:99]}…"
        message = f"The model '{known.name}' has no version '{shown}'{too_short(wanted)}."
        raise Error(Code.MODEL_NOT_FOUND, message)

    async def find_hidden(self, model: str) -> Known:
        """A model that no caller can name. Raises Error(UNAVAILABLE) when this server has none such."""
        await self._refresh()
        found = [each for each in self._by_id.values() if each.name == model]
        if not found:
            raise Error(Code.UNAVAILABLE, f"This server has no model '{model}'.")
        return found[0]

    def at_hand(self, version_id: str) -> Known | None:
        """The version of this id, if nothing has to be read for it."""
        return self._by_id.get(version_id) if time.monotonic() < self._good_until else None

    async def of(self, version_id: str) -> Known | None:
        """The version of this id, also one that is no longer current; None when it is unknown."""
        await self._refresh()
        found = self._by_id.get(version_id) or self._former.get(version_id)
        if found is not None:
            return found
        version = await self._store.version(version_id)
        if version is None:
            return None
        if len(self._former) >= FORMER_MAX:
            self._former.clear()
        self._former[version_id] = _known(version)
        return self._former[version_id]

    async def _refresh(self) -> None:
        if time.monotonic() < self._good_until:
            return
        versions = await self._store.models()
        self._good_until = time.monotonic() + LIFE_SECONDS
        self._by_id = {each.id: self._kept(each) for each in versions}
        self._by_name = {}
        namesakes = {each.name: each for each in self._aliases if each.name == each.runs}
        for known in self._by_id.values():
            if not known.version.manifest.hidden:
                self._name(replace(known, namesake=namesakes.get(known.name)))
        self._name_others()

    def _kept(self, version: Version) -> Known:
        """Compiling again would be waste where nothing but the offline reason may have changed."""
        before = self._by_id.get(version.id)
        return _known(version) if before is None else replace(before, version=version)

    def _name_others(self) -> None:
        """A name that a model has of itself, in whatever case, wins over one that is given to another."""
        others = [
            replace(self._by_name[each.runs], name=each.name, alias=each)
            for each in self._aliases
            if each.runs in self._by_name and each.name.casefold() not in self._by_name
        ]
        for each in others:
            self._by_name.setdefault(each.name, each)
        for each in others:
            self._by_name.setdefault(each.name.casefold(), each)

    def _name(self, known: Known) -> None:
        """A model's own name wins over another's alias, and an exact name over one in another case."""
        self._by_name[known.name] = known
        named = [known, *(replace(known, name=alias) for alias in known.version.manifest.aliases)]
        for each in named:
            self._by_name.setdefault(each.name, each)
        for each in named:
            self._by_name.setdefault(each.name.casefold(), each)


def _known(version: Version) -> Known:
    return Known(version.model, version, InputSchema(version.input_schema))


def _name(known: Known) -> str:
    return known.name


def too_short(wanted: str) -> str:
    """What is to be said of the beginning of a version's id that is too short to be looked for, else nothing."""
    return (
        f" (name at least {PREFIX_CHARACTERS_MIN} characters of its id)"
        if len(wanted) < PREFIX_CHARACTERS_MIN
        else ""
    )

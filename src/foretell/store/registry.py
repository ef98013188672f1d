"""The facade's part about models: their versions, and what operators do with them."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.addition import Addition
from foretell.model import Version
from foretell.store import additions, models
from foretell.store.models import Listed
from foretell.store.people import People


class Registry(People):
    """Which models there are."""

    async def register(self, version: Version, *, current: bool = True) -> None:
        """Writes the version, again if it is there; `current`: its model's name now means it."""
        await self._do(models.register, version, current=current)

    async def retire(self, names: Sequence[str]) -> None:
        """Takes models off the list; predictions that were made for them keep their versions."""
        await self._do(models.retire, names)

    async def models(self) -> list[Version]:
        return await self._ask(models.current_versions)

    async def version(self, version_id: str) -> Version | None:
        return await self._ask(models.of_id, version_id)

    async def try_out(self, version: Version) -> bool:
        """Writes a version that nobody can ask for yet; False: it is known to load, and nothing was written."""
        return await self._do(models.try_out, version)

    async def accept(self, version: Version) -> None:
        """The version loads: from now on its model's name means it."""
        await self._do(models.accept, version)

    async def withdraw(self, version_id: str) -> bool:
        """Forgets a version that was only tried; False: it is known to load, and nothing was written."""
        return await self._do(models.withdraw, version_id)

    async def go_back(self, name: str, version_id: str) -> bool:
        """Makes another version of a model its current one; False when there is none of that id."""
        return await self._do(models.go_back, name, version_id)

    async def remove_versions(self, version_ids: Sequence[str]) -> None:
        """Nobody can ask for these any more; what was accepted before still runs."""
        await self._do(models.remove, version_ids)

    async def unneeded_versions(self) -> list[Version]:
        """Versions that were removed and that no prediction needs any more."""
        return await self._ask(models.unneeded)

    async def forget_version(self, version_id: str) -> None:
        """Takes a removed version's row away."""
        await self._do(models.forget, version_id)

    async def set_offline(self, version_id: str, reason: str | None) -> None:
        """Says why a version cannot run; None: it can."""
        await self._do(models.set_offline, version_id, reason)

    async def versions(self, model: str | None = None) -> list[Listed]:
        """The versions that can be asked for, of a model or of all, the last current ones first."""
        return await self._ask(models.listed, model)

    async def known_versions(self) -> set[str]:
        """The ids of all that have a row."""
        return await self._ask(models.known_ids)

    async def begin_addition(self, addition: Addition) -> None:
        await self._do(additions.begin, addition)

    async def write_addition(self, addition: Addition) -> bool:
        """Writes how far it is; False means that somebody else has ended it, and nothing was written."""
        return await self._pass(additions.write, addition)

    async def cancel_addition(self, addition_id: str) -> bool:
        """Ends it from outside; False when it has ended already."""
        return await self._do(additions.cancel, addition_id)

    async def addition(self, addition_id: str) -> Addition | None:
        return await self._ask(additions.of_id, addition_id)

    async def additions(
        self, model: str | None = None, *, version_id: str | None = None, limit: int = 20
    ) -> list[Addition]:
        """The newest first."""
        return await self._ask(additions.newest, model, version_id, limit)

    async def abandoned_additions(self, silent_seconds: float) -> list[Addition]:
        """Those that nobody has worked on for so long."""
        return await self._pass(additions.abandoned, silent_seconds)

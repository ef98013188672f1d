"""What is looked at for harm before and after a run: words by moderation, pictures by the safety checker.

What is found stands in the prediction's metadata, and the time that it takes is none of the run's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from foretell.node import moderation, safety
from foretell.node.fleet import Fleet
from foretell.node.outcome import Measured
from foretell.node.outputs import Outputs
from foretell.node.surroundings import Surroundings
from foretell.node.trouble import RunFailed


class Checks:
    """Those of one attempt, which runs in `folder`. `measured` is told what they find."""

    def __init__(self, measured: Measured, surroundings: Surroundings, fleet: Fleet, folder: Path) -> None:
        self._measured = measured
        self._surroundings = surroundings
        self._fleet = fleet
        self._folder = folder
        config = surroundings.config
        self._judge = moderation.Judge(
            fleet=fleet, store=surroundings.store, folder=folder, threshold=config.moderation_threshold
        )
        self._is_moderated = config.moderation and measured.version.manifest.moderated

    @property
    def hide_pictures(self) -> bool:
        """Whether nobody is to see a picture before it is checked."""
        return safety.is_wanted(self._measured.prediction)

    @asynccontextmanager
    async def prompt(self) -> AsyncIterator["asyncio.Task[bool]"]:
        """Whether the prompt is filtered, found out beside what is done meanwhile."""
        judging = asyncio.create_task(self._prompt_is_filtered())
        try:
            yield judging
        finally:
            judging.cancel()

    async def words(self, value: Any) -> Any:
        """The value, or without its text if moderation withholds it."""
        metadata = self._measured.metadata
        if "moderation" not in metadata:
            return value
        found = await self._judge.answer(moderation.answered(value, metadata.get("message", {})))
        metadata["moderation"]["output"] = found
        if found is None or not moderation.is_filtered(found):
            return value
        metadata["message"] = dict(moderation.FILTERED_MESSAGE)
        return moderation.withheld(value)

    async def pictures(self, value: Any, outputs: Outputs) -> Any:
        """The value without the pictures that the safety checker withholds, if the caller wants it checked.

        Raises RunFailed when it withholds all of them, or cannot say.
        """
        taken = [each for each in outputs.taken if each.file.content_type.startswith("image/")]
        if not taken or not self.hide_pictures:
            return value
        config, metadata = self._surroundings.config, self._measured.metadata
        version = await safety.checker(self._surroundings.store)
        if version is None and config.sandbox:
            # A stand-in's picture needs no checker, and an application's test is no place to download one.
            metadata["safety"] = safety.Verdict().metadata()
            return value
        if version is None:
            raise RunFailed("safety_failed", "This server has no safety checker; turn safety_checker off.")
        found = await safety.verdict(
            self._fleet, version, taken, self._folder, threshold=config.safety_threshold
        )
        metadata["safety"] = found.metadata()
        if len(found.withheld) == len(taken):
            raise RunFailed("unsafe_output", "The safety checker withheld every picture of the output.")
        outputs.taken[:] = [each for each in outputs.taken if each.file.id not in found.withheld]
        return safety.without(value, found.withheld)

    async def _prompt_is_filtered(self) -> bool:
        if not self._is_moderated:
            return False
        given, schema = self._measured.prediction.input, self._measured.version.input_schema
        found = await self._judge.prompt(moderation.asked(given, schema))
        if found is None:
            return False
        self._measured.metadata["moderation"] = {"prompt": found, "output": None}
        if not moderation.is_filtered(found):
            return False
        self._measured.metadata["message"] = dict(moderation.FILTERED_MESSAGE)
        return True
